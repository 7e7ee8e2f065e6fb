"""Brings Superset to what `bi/` says: dashboards, who may open them, whose rows they see, and users.

Runs in Superset's environment (`make bi`): ``python -m bi.seed assets``, or
``python -m bi.seed user NAME AUDIENCE``, with the password on stdin. A payee's user name is the employee's
number.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml
from flask import g
from superset.app import create_app

from orchestration.lib.dashboards import assets, dashboards, datasets, identifier
from orchestration.lib.settings import Settings

ADMIN = "admin"
# What everybody may do, and no data with it: data comes with the dashboards of an audience.
BASE_ROLE = "Gamma"
PAYEE = "payee"
# A quote in a name stays in the name.
OWN_ROWS = "{} = '{{{{ current_username() | replace(\"'\", \"''\") }}}}'"


def import_assets(published: Path) -> None:
    """Import everything, take away what is no longer described, and say who may open what."""
    from superset import db, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    described = assets(published)
    ImportAssetsCommand(
        {path: yaml.safe_dump(node, allow_unicode=True) for path, node in described.items()}
    ).run()
    kept = {str(node["uuid"]) for node in described.values() if "uuid" in node}
    for kind in (Dashboard, Slice, SqlaTable):
        for found in db.session.query(kind).filter_by(is_managed_externally=True):
            if str(found.uuid) not in kept:
                db.session.delete(found)
    for dashboard in dashboards():
        shown = db.session.query(Dashboard).filter_by(slug=dashboard.slug).one()
        shown.roles = [security_manager.add_role(name) for name in dashboard.audience]
    payee = security_manager.add_role(PAYEE)
    for dataset in datasets().values():
        name = f"own rows of {dataset.name}"
        rule = db.session.query(RowLevelSecurityFilter).filter_by(name=name).one_or_none()
        rule = rule or RowLevelSecurityFilter(name=name)
        rule.filter_type = "Regular"
        # Rows that are nobody's are not a payee's either.
        rule.clause = OWN_ROWS.format(dataset.whose) if dataset.whose else "1 = 0"
        table = (
            db.session.query(SqlaTable).filter_by(uuid=identifier("dataset", dataset.name)).one()
        )
        rule.tables, rule.roles = [table], [payee]
        db.session.add(rule)
    db.session.commit()


def set_user(name: str, audience: str | None, password: str) -> None:
    """A user of an audience (none: the administrator), made or given a new password and role."""
    from superset import security_manager

    roles = [BASE_ROLE, audience] if audience else ["Admin"]
    found = [security_manager.add_role(role) for role in roles]
    user = security_manager.find_user(username=name)
    if user is None:
        user = security_manager.add_user(
            name, name, "", f"{name}@localhost", role=found, password=password
        )
        if not user:
            raise SystemExit(f"the user {name} could not be made")
    else:
        user.roles = found
        security_manager.update_user(user)
        security_manager.reset_password(user.id, password)


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    doing = parser.add_subparsers(dest="what", required=True)
    doing.add_parser("assets", help="import the dashboards of bi/ over what is published")
    doing.add_parser("admin", help="make the administrator, or give them a new password (stdin)")
    user = doing.add_parser("user", help="make a user of an audience; the password comes on stdin")
    user.add_argument("name")
    user.add_argument("audience", choices=sorted({one for d in dashboards() for one in d.audience}))
    arguments = parser.parse_args()
    with create_app().app_context():
        from superset import security_manager

        if arguments.what == "assets":
            published = (
                Settings.from_environment().published.absolute() / "current" / "plumbline.duckdb"
            )
            g.user = security_manager.find_user(username=ADMIN)
            import_assets(published)
        else:
            password = sys.stdin.readline().rstrip("\n")
            if not password:
                raise SystemExit("the password is to come on stdin")
            if arguments.what == "admin":
                set_user(ADMIN, None, password)
            else:
                set_user(arguments.name, arguments.audience, password)


if __name__ == "__main__":
    main()
