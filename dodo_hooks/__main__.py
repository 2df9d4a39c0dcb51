from dodo_hooks.main import run_cli

if __name__ == "__main__":
    run_cli()
