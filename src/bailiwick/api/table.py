"""The one table of the control API: each verb of the control process, where it is mounted, and for whom.

A verb without a row is not reachable over HTTP, and a test fails for it. A row gives some fields of the question itself
(``fixed``); the path gives those that it names; the rest comes as JSON, or as the query of a GET.

To add a verb: a row here, and nothing else. Its model, its page in the OpenAPI document, the checks of role, scope and
ownership, and the cells of the test of the matrix follow from the row.
"""

from collections.abc import Mapping

from bailiwick.api.adding import audited
from bailiwick.api.files import by_address
from bailiwick.api.looking import LOOKING
from bailiwick.api.row import ANYONE, HOUSE, OPERATORS, OWNERS, Row
from bailiwick.api.whose import (
    Whose,
    find_own_keys,
    list_own,
    list_own_alerts,
    list_own_holds,
    list_own_incidents,
    list_own_natives,
    list_own_sessions,
    nobodys,
    of_account,
    of_alert,
    of_hold,
    of_incident,
    of_key,
    of_native,
    of_owner,
    of_session,
    of_vouch,
)
from bailiwick.authority import (
    approval_verbs,
    audit_verbs,
    canary_verbs,
    draft_verbs,
    finding_verbs,
    incident_verbs,
    native_verbs,
    notice_verbs,
    people_verbs,
    record_verbs,
    reference_verbs,
    rehearsal_verbs,
    sweep_verbs,
    token_verbs,
    verbs,
    watch_verbs,
)
from bailiwick.authority import service_verbs as services
from bailiwick.authority.verbs import Kind, Move
from bailiwick.model.token import Role, Subject

_S = Subject


def _views(kind: Kind, subject: Subject, plural: str, whose: Whose) -> tuple[Row, ...]:
    fixed = {"kind": kind}
    return (
        Row(
            verb=verbs.ListParties, method="GET", path=f"/{plural}", subject=subject, roles=ANYONE, fixed=fixed,
            narrowed=list_own, summary=f"List {plural} by id",
        ),
        Row(
            verb=verbs.ShowParty, method="GET", path=f"/{plural}/{{id}}", subject=subject, roles=ANYONE, fixed=fixed,
            whose=whose, summary=f"Show one of the {plural}",
        ),
    )  # fmt: skip


def _moves(
    kind: Kind, subject: Subject, plural: str, whose: Whose, roles: Mapping[Move, frozenset[Role]]
) -> tuple[Row, ...]:
    return tuple(
        Row(
            verb=verbs.MoveParty,
            method="POST",
            path=f"/{plural}/{{id}}/{move}",
            subject=subject,
            roles=allowed,
            whose=whose,
            fixed={"kind": kind, "to": move},
            person=move is Move.UNFREEZE,
            summary=f"{move.value.capitalize().replace('-', ' ')} one of the {plural}",
        )
        for move, allowed in roles.items()
    )


_KEY_MOVES = dict.fromkeys(Move, OWNERS)
_ACCOUNT_MOVES = {Move.FREEZE: OWNERS, Move.UNFREEZE: OPERATORS, Move.WIND_DOWN: OWNERS, Move.REVOKE: OPERATORS}
_HOUSE_MOVES = dict.fromkeys(Move, OPERATORS)

PARTIES: tuple[Row, ...] = (
    *_views(Kind.VENUE, _S.VENUE, "venues", nobodys),
    Row(verb=verbs.AddVenue, method="POST", path="/venues", subject=_S.VENUE, roles=OPERATORS, person=True),
    Row(verb=verbs.EditVenue, method="PATCH", path="/venues/{id}", subject=_S.VENUE, roles=OPERATORS, person=True),
    *_moves(Kind.VENUE, _S.VENUE, "venues", nobodys, _HOUSE_MOVES),
    *_views(Kind.ACCOUNT, _S.ACCOUNT, "accounts", of_account("id")),
    Row(verb=verbs.AddAccount, method="POST", path="/accounts", subject=_S.ACCOUNT, roles=OPERATORS, then=audited),
    Row(
        verb=verbs.EditAccount, method="PATCH", path="/accounts/{id}", subject=_S.ACCOUNT, roles=OPERATORS, person=True
    ),
    Row(
        verb=verbs.RotateAccount, method="POST", path="/accounts/{id}/credential", subject=_S.ACCOUNT, roles=OWNERS,
        whose=of_account("id"), person=True,
    ),
    *_moves(Kind.ACCOUNT, _S.ACCOUNT, "accounts", of_account("id"), _ACCOUNT_MOVES),
    Row(
        verb=audit_verbs.AuditAccount, method="GET", path="/accounts/{id}/audit", subject=_S.ACCOUNT,
        roles=ANYONE, whose=of_account("id"),
    ),
    *_views(Kind.SERVICE, _S.SERVICE, "services", nobodys),
    Row(verb=verbs.AddService, method="POST", path="/services", subject=_S.SERVICE, roles=OPERATORS),
    Row(
        verb=verbs.EditService, method="PATCH", path="/services/{id}", subject=_S.SERVICE, roles=OPERATORS, person=True
    ),
    *_moves(Kind.SERVICE, _S.SERVICE, "services", nobodys, _HOUSE_MOVES),
)  # fmt: skip

KEYS: tuple[Row, ...] = (
    *_views(Kind.KEY, _S.KEY, "keys", of_key()),
    Row(
        verb=verbs.IssueKey, method="POST", path="/keys", subject=_S.KEY, roles=OWNERS, whose=of_account(),
        owner_in_person=True,
    ),
    Row(
        verb=verbs.EditKey, method="PATCH", path="/keys/{id}", subject=_S.KEY, roles=OWNERS, whose=of_key(), person=True
    ),
    Row(
        verb=verbs.RotateKey, method="POST", path="/keys/{id}/secret", subject=_S.KEY, roles=OWNERS, whose=of_key(),
        owner_in_person=True,
    ),
    Row(
        verb=canary_verbs.IssueCanary, method="POST", path="/canaries", subject=_S.KEY, roles=OWNERS,
        whose=of_account(),
    ),
    Row(
        verb=canary_verbs.ListCanaries, method="GET", path="/canaries", subject=_S.KEY, roles=HOUSE,
    ),
    Row(
        verb=canary_verbs.ListCanaries, method="GET", path="/accounts/{account}/canaries", subject=_S.KEY,
        roles=ANYONE, whose=of_account(),
    ),
    *_moves(Kind.KEY, _S.KEY, "keys", of_key(), _KEY_MOVES),
    Row(
        verb=verbs.SuspectKey, method="POST", path="/keys/{id}/suspect", subject=_S.KEY, roles=OWNERS, whose=of_key(),
        person=True,
    ),
    Row(
        verb=verbs.ExplainKey, method="POST", path="/keys/{key}/explain", subject=_S.KEY, roles=ANYONE,
        whose=of_key("key"),
    ),
    Row(verb=verbs.UseOfKey, method="GET", path="/keys/{key}/use", subject=_S.KEY, roles=ANYONE, whose=of_key("key")),
    Row(
        verb=verbs.CheckGrant, method="POST", path="/grants/check", subject=_S.GRANT, roles=ANYONE, whose=of_account()
    ),
    Row(
        verb=draft_verbs.ProposeGrant, method="POST", path="/accounts/{account}/proposal", subject=_S.GRANT,
        roles=ANYONE, whose=of_account(),
    ),
    Row(
        verb=draft_verbs.ReckonGrant, method="POST", path="/grants/reckon", subject=_S.GRANT, roles=ANYONE,
        whose=of_account(),
    ),
)  # fmt: skip

_V = notice_verbs

NOTICES: tuple[Row, ...] = (
    Row(verb=_V.ListOwners, method="GET", path="/owners", subject=_S.OWNER, roles=HOUSE),
    Row(verb=_V.ShowOwner, method="GET", path="/owners/{name}", subject=_S.OWNER, roles=ANYONE, whose=of_owner()),
    Row(verb=_V.EditOwner, method="PATCH", path="/owners/{name}", subject=_S.OWNER, roles=OWNERS, whose=of_owner()),
    Row(
        verb=_V.AddChannel, method="POST", path="/owners/{name}/channels", subject=_S.OWNER, roles=OWNERS,
        whose=of_owner(), person=True,
    ),
    Row(
        verb=_V.RemoveChannel, method="POST", path="/owners/{name}/channels/remove", subject=_S.OWNER, roles=OWNERS,
        whose=of_owner(), person=True,
    ),
    Row(
        verb=_V.TelegramCode, method="POST", path="/owners/{name}/telegram", subject=_S.OWNER, roles=OWNERS,
        whose=of_owner(), person=True,
    ),
    Row(verb=_V.TryNotice, method="POST", path="/owners/{name}/test", subject=_S.OWNER, roles=OWNERS, whose=of_owner()),
    Row(verb=_V.ListNotices, method="GET", path="/notices", subject=_S.NOTICE, roles=HOUSE),
    Row(
        verb=_V.ListNotices, method="GET", path="/owners/{owner}/notices", subject=_S.NOTICE, roles=ANYONE,
        whose=of_owner("owner"),
    ),
    Row(
        verb=_V.ListIncidents, method="GET", path="/incidents", subject=_S.INCIDENT, roles=ANYONE,
        narrowed=list_own_incidents,
    ),
    Row(
        verb=_V.ListIncidents, method="GET", path="/keys/{key}/incidents", subject=_S.INCIDENT, roles=ANYONE,
        whose=of_key("key"),
    ),
    Row(
        verb=_V.ShowIncident, method="GET", path="/incidents/{id}", subject=_S.INCIDENT, roles=ANYONE,
        whose=of_incident(), then=by_address,
    ),
    Row(
        verb=_V.NoteIncident, method="POST", path="/incidents/{id}/notes", subject=_S.INCIDENT, roles=OWNERS,
        whose=of_incident(), then=by_address,
    ),
    Row(
        verb=_V.CloseIncident, method="POST", path="/incidents/{id}/close", subject=_S.INCIDENT, roles=OWNERS,
        whose=of_incident(), then=by_address, person=True,
    ),
    Row(
        verb=incident_verbs.AssignIncident, method="POST", path="/incidents/{id}/assignee", subject=_S.INCIDENT,
        roles=OWNERS, whose=of_incident(), then=by_address,
    ),
    Row(
        verb=incident_verbs.MoveIncident, method="POST", path="/incidents/{id}/state", subject=_S.INCIDENT,
        roles=OWNERS, whose=of_incident(), then=by_address,
    ),
    Row(
        verb=incident_verbs.LookAtIncident, method="GET", path="/incidents/{id}/picture", subject=_S.INCIDENT,
        roles=ANYONE, whose=of_incident(),
    ),
    Row(
        verb=_V.WriteEvidence, method="POST", path="/incidents/{id}/evidence", subject=_S.INCIDENT, roles=OWNERS,
        whose=of_incident(), then=by_address,
    ),
    Row(
        verb=_V.FindEvidence, method="GET", path="/incidents/{id}/evidence", subject=_S.INCIDENT, roles=ANYONE,
        whose=of_incident(), file=True, summary="Download the file for the exchange's support that was written last",
    ),
    Row(
        verb=_V.NotMe, method="POST", path="/keys/{key}/not-me", subject=_S.INCIDENT, roles=OWNERS,
        whose=of_key("key"), then=by_address,
    ),
    Row(
        verb=_V.OrdersOfKey, method="GET", path="/keys/{key}/orders", subject=_S.KEY, roles=ANYONE, whose=of_key("key")
    ),
    Row(verb=_V.ReportLeak, method="POST", path="/leaks", subject=_S.LEAK, roles=OPERATORS),
    Row(verb=_V.ListLeaks, method="GET", path="/keys/{key}/leaks", subject=_S.LEAK, roles=ANYONE, whose=of_key("key")),
)  # fmt: skip


NATIVE: tuple[Row, ...] = (
    Row(
        verb=native_verbs.ListNatives, method="GET", path="/natives", subject=_S.NATIVE, roles=ANYONE,
        whose=of_account(), narrowed=list_own_natives,
    ),
    Row(
        verb=native_verbs.ShowNative, method="GET", path="/natives/{id}", subject=_S.NATIVE, roles=ANYONE,
        whose=of_native(),
    ),
    Row(
        verb=native_verbs.ReadNative, method="POST", path="/natives/{id}/read", subject=_S.NATIVE, roles=OWNERS,
        whose=of_native(),
    ),
    Row(
        verb=native_verbs.IssueNative, method="POST", path="/natives", subject=_S.NATIVE, roles=OWNERS,
        whose=of_account(), person=True,
    ),
    Row(
        verb=native_verbs.RegisterNative, method="POST", path="/natives/register", subject=_S.NATIVE, roles=OWNERS,
        whose=of_account(), person=True,
    ),
    *(
        Row(
            verb=native_verbs.MoveNative, method="POST", path=f"/natives/{{id}}/{move.value}", subject=_S.NATIVE,
            roles=OWNERS, whose=of_native(), fixed={"to": move.value}, person=move is Move.UNFREEZE,
            summary=f"{move.value.capitalize().replace('-', ' ')} one of the native keys",
        )
        for move in Move
    ),
)  # fmt: skip

APPROVALS: tuple[Row, ...] = (
    Row(
        verb=approval_verbs.ListApprovals, method="GET", path="/approvals", subject=_S.APPROVAL, roles=ANYONE,
        whose=of_account(), narrowed=list_own_holds,
    ),
    Row(
        verb=approval_verbs.ShowApproval, method="GET", path="/approvals/{id}", subject=_S.APPROVAL, roles=ANYONE,
        whose=of_hold(),
    ),
    Row(
        verb=approval_verbs.ApproveHold, method="POST", path="/approvals/{id}/approve", subject=_S.APPROVAL,
        roles=OWNERS, whose=of_hold(), person=True,
    ),
    Row(
        verb=approval_verbs.RefuseHold, method="POST", path="/approvals/{id}/refuse", subject=_S.APPROVAL,
        roles=OWNERS, whose=of_hold(),
    ),
)  # fmt: skip

WATCH: tuple[Row, ...] = (
    Row(
        verb=watch_verbs.ListAlerts, method="GET", path="/alerts", subject=_S.INCIDENT, roles=ANYONE,
        whose=of_account(), narrowed=list_own_alerts,
    ),
    Row(
        verb=watch_verbs.ShowAlert, method="GET", path="/alerts/{id}", subject=_S.INCIDENT, roles=ANYONE,
        whose=of_alert(),
    ),
    Row(
        verb=watch_verbs.VouchAlert, method="POST", path="/alerts/{id}/vouch", subject=_S.APPROVAL, roles=OWNERS,
        whose=of_alert(), person=True,
    ),
    Row(
        verb=watch_verbs.EndVouch, method="POST", path="/vouches/{id}/end", subject=_S.APPROVAL, roles=OWNERS,
        whose=of_vouch(),
    ),
    Row(
        verb=watch_verbs.ListVouches, method="GET", path="/keys/{key}/vouches", subject=_S.APPROVAL, roles=ANYONE,
        whose=of_key("key"),
    ),
    Row(
        verb=watch_verbs.ShowWatchedKey, method="GET", path="/keys/{key}/watch", subject=_S.KEY, roles=ANYONE,
        whose=of_key("key"),
    ),
)  # fmt: skip

SERVICES: tuple[Row, ...] = (
    Row(
        verb=services.CompromiseService, method="POST", path="/services/{id}/compromise", subject=_S.SERVICE,
        roles=OPERATORS, person=True,
    ),
    Row(
        verb=services.RestoreService, method="POST", path="/services/{id}/restore", subject=_S.SERVICE,
        roles=OPERATORS, person=True,
    ),
    Row(
        verb=services.ServiceNetworks, method="POST", path="/services/{id}/networks", subject=_S.SERVICE,
        roles=OPERATORS, person=True,
    ),
    Row(verb=services.ListHeld, method="GET", path="/services/{id}/keys", subject=_S.SERVICE, roles=HOUSE),
    Row(verb=services.ServiceReach, method="GET", path="/services/{id}/reach", subject=_S.SERVICE, roles=HOUSE),
)  # fmt: skip

HOUSEHOLD: tuple[Row, ...] = (
    Row(verb=verbs.Status, method="GET", path="/status", subject=_S.STATUS, roles=ANYONE),
    Row(verb=verbs.Examine, method="GET", path="/doctor", subject=_S.STATUS, roles=HOUSE),
    Row(verb=verbs.MakeBackup, method="POST", path="/backups", subject=_S.BACKUP, roles=OPERATORS, person=True),
    Row(verb=sweep_verbs.Sweep, method="POST", path="/sweep", subject=_S.KEY, roles=OPERATORS),
    Row(verb=verbs.RotateVaultKey, method="POST", path="/vault/key", subject=_S.VAULT, roles=OPERATORS),
    Row(verb=token_verbs.IssueToken, method="POST", path="/tokens", subject=_S.TOKEN, roles=OPERATORS, person=True),
    Row(verb=token_verbs.ListTokens, method="GET", path="/tokens", subject=_S.TOKEN, roles=HOUSE),
    Row(verb=token_verbs.RevokeToken, method="DELETE", path="/tokens/{id}", subject=_S.TOKEN, roles=OPERATORS),
)

FINDING: tuple[Row, ...] = (
    Row(
        verb=finding_verbs.FindKeys, method="GET", path="/search/keys", subject=_S.KEY, roles=ANYONE,
        narrowed=find_own_keys,
    ),
)  # fmt: skip

_P = people_verbs

PEOPLE: tuple[Row, ...] = (
    Row(verb=_P.ListPeople, method="GET", path="/people", subject=_S.PERSON, roles=HOUSE),
    Row(
        verb=_P.InvitePerson, method="POST", path="/people/{name}/link", subject=_S.PERSON, roles=OPERATORS, person=True
    ),
    Row(verb=_P.EndPerson, method="DELETE", path="/people/{name}", subject=_S.PERSON, roles=OPERATORS),
    Row(
        verb=_P.ListSessions, method="GET", path="/sessions", subject=_S.PERSON, roles=ANYONE,
        narrowed=list_own_sessions,
    ),
    Row(
        verb=_P.EndSession, method="DELETE", path="/sessions/{id}", subject=_S.PERSON, roles=OWNERS, whose=of_session()
    ),
)  # fmt: skip

_R = record_verbs

RECORDS: tuple[Row, ...] = (
    Row(verb=_R.LastRecords, method="GET", path="/journal", subject=_S.JOURNAL, roles=HOUSE),
    Row(verb=_R.ProveRecord, method="GET", path="/journal/{position}/proof", subject=_S.JOURNAL, roles=HOUSE),
    Row(verb=_R.VerifyAct, method="GET", path="/journal/{position}/act", subject=_S.JOURNAL, roles=HOUSE),
    Row(
        verb=_R.RecordsOfKey, method="GET", path="/keys/{key}/journal", subject=_S.JOURNAL, roles=ANYONE,
        whose=of_key("key"),
    ),
    Row(
        verb=_R.ProveRecordOfKey, method="GET", path="/keys/{key}/journal/{position}/proof", subject=_S.JOURNAL,
        roles=ANYONE, whose=of_key("key"),
    ),
)  # fmt: skip

_F = reference_verbs

REFERENCE: tuple[Row, ...] = (
    Row(verb=_F.ListReasons, method="GET", path="/reasons", subject=_S.STATUS, roles=ANYONE),
    Row(verb=_F.ListPresets, method="GET", path="/grants/presets", subject=_S.GRANT, roles=ANYONE),
    Row(verb=_F.PresetGrant, method="POST", path="/grants/preset", subject=_S.GRANT, roles=ANYONE),
    Row(verb=_F.GitleaksRule, method="GET", path="/leaks/gitleaks-rule", subject=_S.LEAK, roles=ANYONE),
    Row(verb=rehearsal_verbs.ShowRehearsal, method="GET", path="/rehearsal", subject=_S.STATUS, roles=HOUSE),
    Row(verb=rehearsal_verbs.PlayRehearsal, method="POST", path="/rehearsal", subject=_S.STATUS, roles=OPERATORS),
)

ROWS: tuple[Row, ...] = (
    *PARTIES,
    *KEYS,
    *NOTICES,
    *NATIVE,
    *APPROVALS,
    *SERVICES,
    *HOUSEHOLD,
    *RECORDS,
    *REFERENCE,
    *PEOPLE,
    *FINDING,
    *LOOKING,
    *WATCH,
)
"""Everything that is mounted."""
