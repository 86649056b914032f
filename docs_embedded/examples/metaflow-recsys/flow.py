# SPDX-License-Identifier: GPL-3.0-or-later
"""Games like those that you have, as a flow of Metaflow."""
import os

from metaflow import FlowSpec, Parameter, current, step

from mlplatform import neighbours, platform, steps


TITLE = "Games like those you have, by Metaflow"


def graph():
    """The steps and what each waits for. `flow`, the step of pipeline.yaml that starts all of it, ends with them."""
    nodes = current.graph["steps"]
    upstream = {name: [] for name in nodes}
    for name, node in nodes.items():
        for after in node["next"]:
            upstream[after].append(name)
    upstream["flow"] = ["end"]
    return [{"step": name, "upstream": before} for name, before in upstream.items()]


class RecsysFlow(FlowSpec):
    """Each step of the flow is a step of the run that the portal shows."""

    scale = Parameter("scale", default=platform.param("scale", "1"), help="1 is 300 players")
    days = Parameter("days", default=platform.param("days", "28"), help="how many days of events")
    fault = Parameter("fault", default=platform.param("fault"), help="null_rate, late, schema or duplicate")

    def told(self):
        """This step, for the portal; the parameters are those of the flow, however it was started."""
        for name in ("scale", "days", "fault"):
            os.environ[f"PORTHOLE_PARAM_{name}"] = str(getattr(self, name))
        return platform.step(current.step_name, current.retry_count + 1)

    @step
    def start(self):
        platform.record("pipeline", kind="metaflow", title=TITLE, steps=graph())
        with self.told():
            print(f"Metaflow run {current.run_id} of {current.flow_name}")
        self.next(self.extract)

    @step
    def extract(self):
        with self.told():
            steps.extract()
        self.next(self.check)

    @step
    def check(self):
        with self.told():
            steps.check()
        self.next(self.features)

    @step
    def features(self):
        with self.told():
            steps.features()
        self.next(self.train)

    @step
    def train(self):
        with self.told():
            self.model = neighbours.train()
        self.next(self.evaluate)

    @step
    def evaluate(self):
        with self.told():
            self.scores = neighbours.evaluate()
        self.next(self.gate)

    @step
    def gate(self):
        with self.told():
            steps.gate()
        self.next(self.publish)

    @step
    def publish(self):
        with self.told():
            steps.publish("metaflow-recsys")
        self.next(self.end)

    @step
    def end(self):
        with self.told():
            steps.record("metaflow-recsys")


if __name__ == "__main__":
    RecsysFlow()
