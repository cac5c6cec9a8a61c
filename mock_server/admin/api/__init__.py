"""The admin API: JSON views of journal, worlds, state, mappings and settings under `/__admin`."""
