"""CAMT fields: which paths of an ISO 20022 message are read, in every version of it.

Sources: the message definition reports of camt.052, camt.053 and camt.054, .001.01 to .001.14. A
field that versions place differently has several paths. Names are local: the namespace differs by
version, and some banks leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Scope(IntEnum):
    """Elements whose fields are gathered together."""

    NONE = 0
    MESSAGE = 1
    STATEMENT = 2
    ACCOUNT = 3
    BALANCE = 4
    TOTALS = 5
    ENTRY = 6
    DETAIL = 7


class Node:
    """An element that is read: what its text and its currency are called, and what is in it."""

    __slots__ = ("attribute", "children", "field", "many", "parent", "plain", "scope")

    def __init__(self) -> None:
        self.parent = self
        self.plain = True  # neither a scope nor outside of all
        self.children: dict[str, Node] = {}
        self.field = ""  # "": its text is not read
        self.many = False  # may come several times; texts are joined by "\n"
        self.attribute = ""  # what its Ccy is called
        self.scope = Scope.NONE


_BANK: Final = {
    "FinInstnId/BIC": "{}bic",
    "FinInstnId/BICFI": "{}bic",
    "FinInstnId/ClrSysMmbId/MmbId": "{}bank_id",
    "FinInstnId/ClrSysMmbId/Id": "{}bank_id",
    "FinInstnId/Othr/Id": "{}bank_id",
    "FinInstnId/PrtryId/Id": "{}bank_id",
    "FinInstnId/Nm": "{}bank_name",
    "FinInstnId/NmAndAdr/Nm": "{}bank_name",
    "FinInstnId/CmbndId/BIC": "{}bic",
    "FinInstnId/CmbndId/Nm": "{}bank_name",
}
_NUMBER: Final = {
    "Id/IBAN": "{}iban",
    "Id/Othr/Id": "{}other",
    "Id/BBAN": "{}other",
    "Id/UPIC": "{}other",
    "Id/PrtryAcct/Id": "{}other",
}
_PARTY: Final = {
    "Nm": "{}name",
    "Pty/Nm": "{}name",
    "Agt/FinInstnId/Nm": "{}name",
    "Agt/FinInstnId/BICFI": "{}agent",
}
_CODE: Final = {
    "Domn/Cd": "domain",
    "Domn/Fmly/Cd": "family",
    "Domn/Fmly/SubFmlyCd": "subfamily",
    "Prtry/Cd": "proprietary",
    "Prtry/Issr": "proprietary_issuer",
}
_EXCHANGE: Final = {
    "CcyXchg/XchgRate": "rate",
    "CcyXchg/SrcCcy": "rate_source",
    "CcyXchg/TrgtCcy": "rate_target",
    "CcyXchg/UnitCcy": "rate_unit",
}


def _under(path: str, fields: Mapping[str, str], name: str = "") -> dict[str, str]:
    return {f"{path}/{inner}": field.format(name) for inner, field in fields.items()}


_AMOUNTS: Final = {
    "AmtDtls/InstdAmt/Amt": "instructed@instructed_currency",
    "AmtDtls/TxAmt/Amt": "transacted@transacted_currency",
    "AmtDtls/CntrValAmt/Amt": "countervalue@countervalue_currency",
    **_under("AmtDtls/InstdAmt", _EXCHANGE),
    **_under("AmtDtls/TxAmt", _EXCHANGE),
    **_under("AmtDtls/CntrValAmt", _EXCHANGE),
    "Chrgs/TtlChrgsAndTaxAmt": "charges@charges_currency",
    "Chrgs/Rcrd/Amt": "charges@charges_currency",
    "Chrgs/Amt": "charges@charges_currency",
}
_DETAIL: Final = {
    "Refs/MsgId": "message_id",
    "Refs/AcctSvcrRef": "servicer_reference",
    "Refs/AcctSvcrTxId": "servicer_reference",
    "Refs/PmtInfId": "payment_id",
    "Refs/InstrId": "instruction_id",
    "Refs/EndToEndId": "end_to_end_id",
    "Refs/UETR": "uetr",
    "Refs/TxId": "transaction_id",
    "Refs/MndtId": "mandate_id",
    "Refs/ChqNb": "cheque_number",
    "Refs/ClrSysRef": "clearing_reference",
    "Refs/Prtry/Ref": "proprietary_reference",
    "Amt": "amount@currency",
    "CdtDbtInd": "direction",
    **_AMOUNTS,
    **_under("BkTxCd", _CODE),
    **_under("RltdPties/Dbtr", _PARTY, "debtor_"),
    **_under("RltdPties/UltmtDbtr", _PARTY, "ultimate_debtor_"),
    **_under("RltdPties/Cdtr", _PARTY, "creditor_"),
    **_under("RltdPties/UltmtCdtr", _PARTY, "ultimate_creditor_"),
    **_under("RltdPties/DbtrAcct", _NUMBER, "debtor_"),
    **_under("RltdPties/CdtrAcct", _NUMBER, "creditor_"),
    "RltdPties/Cdtr/Id/PrvtId/Othr/Id": "creditor_id",
    "RltdPties/Cdtr/Pty/Id/PrvtId/Othr/Id": "creditor_id",
    **_under("RltdAgts/DbtrAgt", _BANK, "debtor_"),
    **_under("RltdAgts/CdtrAgt", _BANK, "creditor_"),
    "Purp/Cd": "purpose",
    "Purp/Prtry": "purpose",
    "RmtInf/Ustrd": "remittance*",
    "RmtInf/Strd/CdtrRefInf/Ref": "structured*",
    "RmtInf/Strd/CdtrRefInf/CdtrRef": "structured*",
    "RmtInf/Strd/RfrdDocInf/Nb": "structured*",
    "RmtInf/Strd/RfrdDocInf/RfrdDocNb": "structured*",
    "RmtInf/Strd/AddtlRmtInf": "remittance*",
    "RltdDts/TxDtTm": "transaction_date",
    "RltdDts/InttlTxDtTm": "transaction_date",
    "RltdDts/AccptncDtTm": "acceptance_date",
    "RltdDts/IntrBkSttlmDt": "settlement_date",
    "RtrInf/Rsn/Cd": "return_reason",
    "RtrInf/Rsn/Prtry": "return_reason",
    "RtrInf/RtrRsn/Cd": "return_reason",
    "RtrInf/RtrRsn/Prtry": "return_reason",
    "RtrInf/AddtlInf": "return_text*",
    "AddtlTxInf": "additional*",
}
_ENTRY: Final = {
    "NtryRef": "entry_reference",
    "Amt": "amount@currency",
    "CdtDbtInd": "direction",
    "RvslInd": "reversal",
    "Sts": "status",
    "Sts/Cd": "status",
    "Sts/Prtry": "status",
    "BookgDt/Dt": "booked",
    "BookgDt/DtTm": "booked",
    "ValDt/Dt": "valued",
    "ValDt/DtTm": "valued",
    "AcctSvcrRef": "servicer_reference",
    **_under("BkTxCd", _CODE),
    **_AMOUNTS,
    "AddtlNtryInf": "additional*",
    **_under(
        "NtryDtls",
        {
            "Btch/NbOfTxs": "batch_count",
            "Btch/PmtInfId": "payment_id",
            "Btch/MsgId": "message_id",
        },
    ),
    "Btch/NbOfTxs": "batch_count",
    "Btch/PmtInfId": "payment_id",
    "Btch/MsgId": "message_id",
}
_ACCOUNT: Final = {
    **{path: field.format("") for path, field in _NUMBER.items()},
    "Tp/Cd": "type",
    "Tp/Prtry": "type",
    "Ccy": "currency",
    "Nm": "name",
    "Ownr/Nm": "owner",
    **_under("Svcr", _BANK),
}
_BALANCE: Final = {
    "Tp/CdOrPrtry/Cd": "code",
    "Tp/CdOrPrtry/Prtry": "proprietary",
    "Tp/Cd": "code",
    "Tp/Prtry": "proprietary",
    "Tp/SubTp/Cd": "subtype",
    "Tp/SubTp/Prtry": "subtype",
    "Amt": "amount@currency",
    "CdtDbtInd": "direction",
    "Dt/Dt": "date",
    "Dt/DtTm": "date",
}
_TOTALS: Final = {
    "TtlNtries/NbOfNtries": "all_count",
    "TtlNtries/Sum": "all_sum",
    "TtlNtries/TtlNetNtryAmt": "net",
    "TtlNtries/CdtDbtInd": "net_direction",
    "TtlNtries/TtlNetNtry/Amt": "net",
    "TtlNtries/TtlNetNtry/CdtDbtInd": "net_direction",
    "TtlCdtNtries/NbOfNtries": "credit_count",
    "TtlCdtNtries/Sum": "credit_sum",
    "TtlDbtNtries/NbOfNtries": "debit_count",
    "TtlDbtNtries/Sum": "debit_sum",
}
_STATEMENT: Final = {
    "Id": "id",
    "CreDtTm": "created",
    "FrToDt/FrDtTm": "since",
    "FrToDt/FrDt": "since",
    "FrToDt/ToDtTm": "until",
    "FrToDt/ToDt": "until",
    "StmtPgntn/LastPgInd": "last_page",
    "RptPgntn/LastPgInd": "last_page",
    "NtfctnPgntn/LastPgInd": "last_page",
    "CpyDplctInd": "duplicate",
}
_MESSAGE: Final = {
    "GrpHdr/MsgId": "id",
    "GrpHdr/CreDtTm": "created",
    "GrpHdr/MsgPgntn/LastPgInd": "last_page",
}


def _grow(root: Node, path: str, field: str = "") -> Node:
    node = root
    for name in path.split("/"):
        node = _within(node, name)
    node.field, _, node.attribute = field.partition("@")
    if node.field.endswith("*"):
        node.field, node.many = node.field[:-1], True
    return node


def _within(node: Node, name: str) -> Node:
    child = node.children.get(name)
    if child is None:
        child = node.children[name] = Node()
        child.parent = node
    return child


def _scope(parent: Node, name: str, scope: Scope, fields: Mapping[str, str]) -> Node:
    root = _within(parent, name)
    root.scope, root.plain = scope, False
    for path, field in fields.items():
        _grow(root, path, field)
    return root


def _message() -> Node:
    message = Node()
    message.scope, message.plain = Scope.MESSAGE, False
    for path, field in _MESSAGE.items():
        _grow(message, path, field)
    for name in ("Stmt", "Rpt", "Ntfctn"):
        statement = _scope(message, name, Scope.STATEMENT, _STATEMENT)
        _scope(statement, "Acct", Scope.ACCOUNT, _ACCOUNT)
        _scope(statement, "Bal", Scope.BALANCE, _BALANCE)
        _scope(statement, "TxsSummry", Scope.TOTALS, _TOTALS)
        entry = _scope(statement, "Ntry", Scope.ENTRY, _ENTRY)
        _scope(entry, "TxDtls", Scope.DETAIL, _DETAIL)  # version .001.01
        _scope(_within(entry, "NtryDtls"), "TxDtls", Scope.DETAIL, _DETAIL)
    return message


MESSAGE: Final = _message()
# Versions .001.01 end the name of the message with V01.
KINDS: Final = {
    "BkToCstmrAcctRpt": "052",
    "BkToCstmrStmt": "053",
    "BkToCstmrDbtCdtNtfctn": "054",
}
