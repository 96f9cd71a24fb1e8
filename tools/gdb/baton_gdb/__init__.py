# SPDX-License-Identifier: BSD-2-Clause
"""What baton.py loads."""
