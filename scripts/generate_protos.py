"""Generate the Python code of `protos/spotter/v1/*.proto` into `services/spotter/core/wire/generated`.

    python scripts/generate_protos.py            # needs grpcio-tools, as in the [dev] extra
    python scripts/generate_protos.py --out DIR  # elsewhere, as the drift test does

The code that protoc writes names its modules after the proto package (`spotter.v1`); they live in
`spotter.core.wire.generated`, so the names are put right. Run it after every change of a .proto file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

REPOSITORY = Path(__file__).resolve().parent.parent
PROTOS = REPOSITORY / "protos"
GENERATED = REPOSITORY / "services" / "spotter" / "core" / "wire" / "generated"
PROTO_PACKAGE = "spotter.v1"
PYTHON_PACKAGE = "spotter.core.wire.generated"


def generate(out: Path) -> list[Path]:
    """Write the code of every .proto file into `out`, which is made if missing; returns the files, sorted.

    Raises:
        SystemExit: protoc refuses a file; it has said why on stderr.
    """
    sources = sorted((PROTOS / "spotter" / "v1").glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "protoc",
            f"--proto_path={PROTOS}",
            f"--proto_path={files('grpc_tools') / '_proto'}",
            f"--python_out={folder}",
            f"--pyi_out={folder}",
            *(str(source) for source in sources),
        ]
        if status := protoc.main(arguments):
            raise SystemExit(status)
        out.mkdir(parents=True, exist_ok=True)
        for made in sorted(Path(folder).rglob("*_pb2.py*")):
            code = made.read_text(encoding="utf-8").replace(
                f"from {PROTO_PACKAGE} import", f"from {PYTHON_PACKAGE} import"
            )
            code = code.replace(f"'{PROTO_PACKAGE}.{made.stem}'", f"'{PYTHON_PACKAGE}.{made.stem}'")
            (out / made.name).write_text(code, encoding="utf-8")
    (out / "__init__.py").write_text('"""Made by scripts/generate_protos.py; do not edit."""\n', encoding="utf-8")
    return sorted(out.glob("*.py*"))


def main() -> int:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description="Generate the Python code of the wire contracts.")
    parser.add_argument("--out", type=Path, default=GENERATED, help="folder to write (default: the package's own)")
    for path in generate(parser.parse_args().out):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
