"""`python -m mock_server`."""

import sys

from mock_server.cli.main import main

sys.exit(main())
