"""One booted compose project: started as its README says, under a generated name, and taken down without a trace.

It starts, stops and looks things up; it asserts nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from python_on_whales import Container, DockerClient
from python_on_whales.exceptions import DockerException

from dayzero.core.errors import ImageUnavailable, StackUnusable
from dayzero.core.redaction import redact
from dayzero.core.wait import await_condition
from dayzero.docker.container_exit import Ending, ended_within, ending
from dayzero.docker.containers import ContainerState, container_states
from dayzero.docker.loki_driver import log_driver_file
from dayzero.docker.prune import remove_labelled
from dayzero.docker.run_identity import RUN_LABEL, RunIdentity, free_subnets, taken_subnets
from dayzero.stack.secrets import SecretMaker

UP_SECONDS = 420
"""How long `docker compose up -d` may take: a server's slow start, and behind it an init's whole 300 s."""

_NOT_OF_THE_STACK = (
    "already in use",
    "already allocated",
    "Pool overlaps",
    "no space left",
    "No such image",
    "pull access denied",
    "manifest unknown",
    "failed to resolve reference",
    "Cannot connect to the Docker daemon",
    "permission denied while trying to connect",
)
"""What compose says when the machine, not the stack, is in the way."""


@dataclass
class Stack:
    """A compose project of the run: its files, the variables that set it apart, and what came of `up`.

    `workspace` is the run's folder for generated files (secrets, variables, labels); `settings` are variables that
    outrank the stack's `.env.example`; `own_subnets` draws random subnets, otherwise the engine chooses. `host` is the
    engine's socket as a URL, where it is not the one that the environment names; `way_to` then turns the address of one
    of its containers into one that can be reached from here. With `log_driver` its services log through that of Loki.
    `lost` are profiles that are not of this stack because an image is missing, with the reason.
    """

    root: Path
    identity: RunIdentity
    workspace: Path
    name: str
    prefix: str
    profiles: Sequence[str]
    make_secrets: SecretMaker
    overrides: Sequence[Path] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    own_subnets: bool = True
    host: str | None = None
    way_to: Callable[[str], str] = str
    log_driver: bool = False
    lost: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = DockerClient(host=self.host)
        self.secrets = self.make_secrets(self.workspace / "secrets")
        self.reruns: dict[str, str] = {}
        """The containers that `run_init` made, by id, with their service; what was seen of them outlives them."""
        self._addresses: dict[str, str] = {}
        variables = {
            "COMPOSE_PROFILES": ",".join(self.profiles),
            "CONTAINER_PREFIX": self.prefix,
            "SECRETS_DIR": str(self.workspace / "secrets"),
            **self.settings,
        }
        self.variables = self.workspace / f"{self.name}.env"
        self.variables.write_text(
            "".join(f"{key}={value}\n" for key, value in variables.items()), encoding="utf-8"
        )
        driver = [log_driver_file(self.root)] if self.log_driver else []
        self.files = [self.root / "docker-compose.yml", *driver, *self.overrides]
        own = self.workspace / f"{self.name}.yml"
        # Of all profiles: a command may name others than the run's, and whatever it starts is the run's as well.
        model = self.client(self.files, profiles=("*",)).compose.config(return_json=True)
        assert isinstance(model, dict)
        own.write_text(yaml.safe_dump(self._run_override(model)), encoding="utf-8")
        self._profiles_of = {
            name: service.get("profiles") or [] for name, service in model["services"].items()
        }
        self.files.append(own)
        self.compose = self.client(self.files).compose
        resolved = self.compose.config(return_json=True)
        assert isinstance(resolved, dict)
        self.model: dict[str, Any] = resolved

    def client(
        self, files: Sequence[Path], *more_variables: Path, profiles: Sequence[str] = ()
    ) -> DockerClient:
        """A client for this project; further variable files outrank the earlier ones, further profiles add to them."""
        return DockerClient(
            host=self.host,
            compose_profiles=list(profiles),
            compose_files=list(files),
            compose_project_directory=self.root,
            compose_project_name=self.name,
            compose_env_files=[self.root / ".env.example", self.variables, *more_variables],
        )

    def _run_override(self, model: dict[str, Any]) -> dict[str, Any]:
        labels = self.identity.labels
        networks: dict[str, dict[str, Any]] = {
            name: {"labels": labels}
            for name, network in model["networks"].items()
            if not (network or {}).get("external")
        }
        if self.own_subnets:
            for network, subnet in zip(
                networks.values(), free_subnets(len(networks), taken_subnets(self.engine)), strict=True
            ):
                network["ipam"] = {"config": [{"subnet": subnet}]}
        return {
            "services": {name: {"labels": labels} for name in model["services"]},
            "volumes": {name: {"labels": labels} for name in model.get("volumes") or {}},
            "networks": networks,
        }

    def environment(self) -> dict[str, str]:
        """The environment in which the documented commands, run from the stack's root, mean this project."""
        return {
            **os.environ,
            **({"DOCKER_HOST": self.host} if self.host else {}),
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_FILE": os.pathsep.join(str(file) for file in self.files),
            "COMPOSE_PROFILES": ",".join(self.profiles),
            "CONTAINER_PREFIX": self.prefix,
            "SECRETS_DIR": str(self.workspace / "secrets"),
            **self.settings,
        }

    def up(self, services: Sequence[str] = ()) -> str:
        """`docker compose up -d`; returns its output, redacted.

        An init that failed, a server that crashed or an `up` that does not return within UP_SECONDS is the stack's
        doing and left to be judged. Raises StackUnusable when the machine is in the way: a taken name, a full disk.
        """
        command = ["docker", "compose", "--env-file", ".env.example", "up", "-d", *services]
        with subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                output, _ = process.communicate(timeout=UP_SECONDS)
            except subprocess.TimeoutExpired:
                process.terminate()
                output, _ = process.communicate()
                return f"{redact(output)}\ndocker compose up -d had not returned after {UP_SECONDS} s"
        output = redact(output)
        if process.returncode and (not output.strip() or any(said in output for said in _NOT_OF_THE_STACK)):
            raise StackUnusable(
                f"docker compose up -d failed in {self.root}: {(output.strip().splitlines() or ['no output'])[-1]}"
            )
        return output

    def require_images_of(self, *services: str) -> None:
        """Raise ImageUnavailable where a missing image keeps one of the services from being part of this stack."""
        for service in services:
            if service not in self.model["services"]:
                self.require_whole(self._profiles_of.get(service, ()))

    def require_whole(self, profiles: Iterable[str] | None = None) -> None:
        """Raise ImageUnavailable where a missing image keeps one of the profiles, or any chosen one, away."""
        for profile in self.lost if profiles is None else profiles:
            if profile in self.lost:
                raise ImageUnavailable(self.lost[profile])

    def container(self, service: str) -> Container:
        """The service's container, running or not. Raises StackUnusable when there is none."""
        found = self.engine.container.list(
            all=True,
            filters=[
                ("label", f"com.docker.compose.project={self.name}"),
                ("label", f"com.docker.compose.service={service}"),
                ("label", "com.docker.compose.oneoff=False"),
            ],
        )
        if not found:
            raise StackUnusable(
                f"service {service} has no container in project {self.name}: did `up` fail before it?"
            )
        return found[0]

    def ended(self, service: str) -> Ending:
        """How the service's container ended; one that `up` never came to has not ended either."""
        try:
            return ending(self.container(service))
        except StackUnusable:
            return Ending(None, 0.0, "")

    def containers(self) -> list[Container]:
        """Every container of the project."""
        return self.engine.container.list(
            all=True, filters=[("label", f"com.docker.compose.project={self.name}")]
        )

    def image_versions(self) -> dict[str, str]:
        """The image that each service runs: name:tag@id, as the engine resolved it."""
        found = {}
        for container in self.containers():
            labels = container.config.labels or {}
            found[labels["com.docker.compose.service"]] = f"{container.config.image}@{container.image}"
        return dict(sorted(found.items()))

    def address(self, name: str) -> str | None:
        """The address at which the service `name` can be reached from here; None when it is no running service."""
        if name not in self.model["services"]:
            return None
        if name not in self._addresses:
            networks = self.container(name).network_settings.networks or {}
            for network in networks.values():
                if network.ip_address:
                    self._addresses[name] = self.way_to(network.ip_address)
                    break
        return self._addresses.get(name)

    def forget_addresses(self) -> None:
        """Look addresses up anew: containers were started again."""
        self._addresses.clear()

    def execute(self, service: str, command: list[str]) -> str:
        """Run a command in a running service's container; returns its output. Raises DockerException on failure."""
        output = self.container(service).execute(command)
        assert isinstance(output, str)
        return output

    def states(self) -> dict[str, ContainerState]:
        """How each service's own container stands now; a service that has none is left out."""
        return {one.service: one for one in container_states(self.name, self.host) if not one.one_off}

    def running(self, services: Iterable[str]) -> list[str]:
        """Which of the services have a container that runs now, be it a further one beside their own."""
        running = {one.service for one in container_states(self.name, self.host) if one.status == "running"}
        return sorted(running.intersection(services))

    def unready(self, services: Iterable[str]) -> list[str]:
        """Which of the services do not run or are not healthy where they have a healthcheck, each with its state."""
        states, found = self.states(), []
        for service in services:
            state = states.get(service)
            if state is None or not state.ready:
                found.append(f"{service}: {(state.health or state.status) if state else 'no container'}")
        return found

    def wait_healthy(self, services: Iterable[str], seconds: float = 120) -> None:
        """Wait until all services are ready. Raises StackUnusable naming those that are not in time."""
        services = list(services)
        await_condition(
            lambda: not self.unready(services),
            seconds,
            lambda: f"not healthy: {', '.join(self.unready(services))}",
        )

    @contextmanager
    def stopped(self, service: str, *, kill: bool = False) -> Iterator[None]:
        """While inside, the service is stopped gracefully, or killed; afterwards it is started and healthy again."""
        self.container(service).kill() if kill else self.container(service).stop(time=30)
        self._addresses.clear()
        try:
            yield
        finally:
            self.container(service).start()
            self._addresses.clear()
            self.wait_healthy([service], seconds=300)

    @contextmanager
    def one_off(
        self,
        service: str,
        *,
        client: DockerClient | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> Iterator[Container]:
        """While inside, the service has one more container, started without its dependencies.

        `overrides` are environment variables. Raises DockerException when its command cannot be started.
        """
        container = (client or self.client(self.files)).compose.run(
            service,
            detach=True,
            tty=False,
            dependencies=False,
            envs=dict(overrides or {}),
            labels=self.identity.labels,
        )
        assert isinstance(container, Container)
        self.reruns[container.id] = service
        try:
            yield container
        finally:
            container.remove(force=True, volumes=True)

    def reruns_of(self, service: str) -> list[str]:
        """The service's containers that `run_init` made, by id, oldest first; others may be made meanwhile."""
        return [container for container, of in list(self.reruns.items()) if of == service]

    def run_init(
        self,
        service: str,
        *,
        client: DockerClient | None = None,
        overrides: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> Ending:
        """Run the init once more in a container of its own, without its dependencies, and wait for its end.

        `overrides` are environment variables. One that still works after `timeout` seconds has not ended, and one whose
        command cannot be started never began: both are endings without an exit code.
        """
        try:
            with self.one_off(service, client=client, overrides=overrides) as container:
                ended_within(container, timeout)
                return ending(container)
        except DockerException as refusal:
            said = redact(str(refusal))
            if "failed to create task" not in said:
                raise
            return Ending(None, 0.0, f"its command cannot be started: {said}")

    def down(self) -> None:
        """Remove the project's containers, networks and volumes."""
        self._addresses.clear()
        every = self.client(self.files, profiles=("*",)).compose
        every.down(remove_orphans=True, volumes=True, timeout=1, quiet=True)

    def reach(self) -> str:
        """How a person gets at a stack that was left up."""
        return "\n".join(
            (
                f"The stack is still up as project {self.name}; its secrets are in {self.workspace / 'secrets'}.",
                f"  look: docker compose -p {self.name} ps -a",
                f"  remove: docker compose -p {self.name} down --volumes --remove-orphans",
            )
        )


def remove_run(identity: RunIdentity) -> None:
    """Remove whatever still carries the run's label."""
    remove_labelled(f"{RUN_LABEL}={identity.name}")
