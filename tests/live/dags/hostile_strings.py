"""Text that attacks a terminal, in every place where a user's text can stand.

Escape sequences (clear, title, OSC 52 clipboard), the 8-bit C1 introducer, a bidi override, zero-width and wide
characters, a carriage return. Note, conf and run id come with the trigger, see drive.py.
"""
import datetime as dt
import logging

from airflow.sdk import dag, task

log = logging.getLogger(__name__)
CLEAR = "\x1b[2J\x1b[H"
TITLE = "\x1b]0;owned\x07"
CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4K\x07"
C1 = "\u009b31m"
BIDI = "\u202egpj.exe\u202c"


@dag(dag_display_name=f"Hostile {CLEAR}{BIDI} names", description=f"desc {CLIPBOARD}{C1}", schedule=None,
     start_date=dt.datetime(2026, 1, 1), catchup=False, tags=[f"tag{TITLE}{BIDI}"],
     default_args={"owner": f"team-{C1}chat"}, doc_md=f"# {CLEAR}title")
def hostile_strings():
    @task(task_display_name=f"moderate {CLIPBOARD}{BIDI} names")
    def moderate_names():
        log.info("clear %s clipboard %s title %s", CLEAR, CLIPBOARD, TITLE)
        log.warning("c1 %s bidi %s zero\u200bwidth wide \u6f22\u5b57 nul-free", C1, BIDI)
        print(f"stdout {CLEAR}{CLIPBOARD}{C1}{BIDI}\rprogress 100%")
        print("invalid utf-8 follows: ", end="", flush=True)
        import sys
        sys.stdout.buffer.write(b"\xff\xfe\x9b31m\n")
        raise ValueError(f"player name rejected: {CLEAR}{CLIPBOARD}{C1}{BIDI} end")

    moderate_names()


hostile_strings()
