"""The tooling behind `make up`, `down`, `reset`, `demo` and `bench`: the tenant stack on this machine's emulator."""
