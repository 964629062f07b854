"""The tags of OFX that this reader tells apart; all others are read over or kept as text."""

from __future__ import annotations

from typing import Final

INVESTING: Final = frozenset(
    [
        "BUYDEBT",
        "BUYMF",
        "BUYOPT",
        "BUYOTHER",
        "BUYSTOCK",
        "SELLDEBT",
        "SELLMF",
        "SELLOPT",
        "SELLOTHER",
        "SELLSTOCK",
        "INCOME",
        "INVEXPENSE",
        "MARGININTEREST",
        "RETOFCAP",
        "REINVEST",
        "TRANSFER",
        "SPLIT",
        "JRNLFUND",
        "JRNLSEC",
        "CLOSUREOPT",
    ]
)
POSITIONS: Final = frozenset(["POSDEBT", "POSMF", "POSOPT", "POSOTHER", "POSSTOCK"])
ACCOUNTS: Final = frozenset(["BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "LOANACCTFROM"])
STATEMENTS: Final = frozenset(
    ["STMTRS", "CCSTMTRS", "INVSTMTRS", "STMTENDRS", "CCSTMTENDRS", "LOANSTMTRS"]
)
ROWS: Final = frozenset(["STMTTRN", "STMTTRNP", "LOANSTMTTRN"])
# Aggregates that are handed over as one, with all elements inside of them.
COLLECTED: Final = (
    ROWS
    | INVESTING
    | POSITIONS
    | ACCOUNTS
    | frozenset(["LEDGERBAL", "AVAILBAL", "BAL", "STATUS", "FI", "CLOSING", "CCCLOSING", "SECINFO"])
)
# Aggregates that others stand in.
AROUND: Final = STATEMENTS | frozenset(
    [
        "OFX",
        "BANKTRANLIST",
        "BANKTRANLISTP",
        "INVTRANLIST",
        "LOANTRANLIST",
        "INVBANKTRAN",
        "INVPOSLIST",
        "INVBAL",
        "BALLIST",
        "SECLIST",
        "STMTTRNRS",
        "CCSTMTTRNRS",
        "INVSTMTTRNRS",
        "SONRS",
    ]
)
# What no aggregate that is handed over as one has inside of it.
BREAKS: Final = COLLECTED | AROUND | frozenset(f"/{tag}" for tag in AROUND)
