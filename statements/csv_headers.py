"""Words of bank exports: header names, statuses and signs in the languages that banks write."""

from __future__ import annotations

import re
from typing import Final

from statements.csv_date import unaccented


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Role → names without accents, blanks and punctuation, the surest first.
ROLES: Final[dict[str, tuple[str, ...]]] = {
    "posted_date": _words(
        """
        bookingdate posteddate postingdate postdate dateposted dateprocessed buchungstag
        buchungsdatum buchung datumzauctovani datecomptable datedecomptabilisation fechacontable
        datacontabile boekdatum boekingsdatum dataksiegowania konyvelesdatuma completeddate
        bokforingsdag bogforingsdato dateoperation datedoperation fechaoperacion
        fechadeoperacion dataoperazione dataoperacji tranzakciodatuma datum date fecha data dato
        paivamaara transactiondate transdate created createddate datetime timestamp
        datumverrekening
        """
    ),
    "transaction_date": _words(
        """
        transactiondate transdate purchasedate dateoftransaction belegdatum datumverrichting
        datumprovedeni starteddate dateachat fechaoperacion dataoperacji kopdatum
        """
    ),
    "value_date": _words(
        """
        valuedate valutadatum valutadate valutastellung wertstellung wert wertstellungsdatum
        valuta rentedatum datevaleur datedevaleur fechavalor datavaluta datawaluty ertekdatum
        erteknap valutadag
        """
    ),
    "amount": _words(
        """
        amount transactionamount betrag buchungsbetrag umsatz bedrag transactiebedrag montant
        montantoperation importe importo zauctovanacastka castkavmeneuctu castka objem kwota
        kwotaoperacji tranzakcioosszege osszeg belopp belob belop summa monto inflow
        value valor sum maara
        """
    ),
    "debit": _words(
        """
        debit debitamount debits withdrawal withdrawals withdrawalamount withdrawalamt moneyout
        paidout out outflow soll sollbetrag belastung ausgaben ausgang debet uscite dare
        addebiti cargo cargos debe sortie depense debito debitos saidas obciazenia vydaje
        """
    ),
    "credit": _words(
        """
        credit creditamount credits deposit deposits depositamount depositamt moneyin paidin in
        inflow haben habenbetrag gutschrift einnahmen eingang bij entrate avere accrediti abono
        abonos haber entree recette credito creditos entradas uznania prijmy
        """
    ),
    "currency": _words(
        """
        currency currencycode ccy buchungswahrung buchungswaehrung wahrung waehrung munt
        muntsoort devise moneda divisa moeda menauctu mena waluta tranzakciodevizaneme devizanem
        valuta valuuta
        """
    ),
    "account": _words(
        """
        auftragskonto ibanauftraggeberkonto auftraggeberkonto ibanbban account accountnumber
        accountno accountiban accountid youraccount rekening cislouctu cuenta numerocuenta
        numerodecuenta compte numerocompte numerodecompte conto umsatzgetatigtvon szamlaszam
        rekeningnummer iban konto kontonummer rachunek numerrachunku kredietkaart cardnumber
        cardno cardid
        """
    ),
    "external_id": _words(
        """
        transactionid externalid fitid uniqueid idtransakce idtransaction transactionidentifier
        id volgnr referencnicislotransakce
        """
    ),
    "reference": _words(
        """
        reference ref referencenumber referencia referenz buchungsreferenz bankreference
        transactiereferentie megbizasazonosito riferimento chequenumber checknumber
        """
    ),
    "customer_reference": _words(
        """
        customerreference customerref endtoendid kundenreferenz kundenreferenzendtoend vs
        variabilnisymbol variabilnisymbol1 betalingskenmerk
        """
    ),
    "merchant": _words(
        """
        merchant merchantname payee naamtegenpartij counterpartyname nazevprotiuctu
        partnerneve name naam empfanger zahlungsempfanger
        zahlungsbeteiligter beguenstigterzahlungspflichtiger begunstigterzahlungspflichtiger
        auftraggeberempfanger namezahlungsbeteiligter
        handelaar beneficiary beneficiaire tiers beneficiario controparte
        kontrahent nadawcaodbiorca recipient
        """
    ),
    "type_code": _words(
        """
        transactiontype transaktionstyp umsatzart typtransakce mutatiesoort tranzakciotipusa
        type typ code
        """
    ),
    "category": _words(
        """
        category kategorie categorie categoria kategoria kategorietransakce
        """
    ),
    "running_balance": _words(
        """
        balance runningbalance balanceafter saldo saldonatrn saldonamutatie saldonachbuchung
        kontostand solde egyenleg zustatek saldopooperacji ledgerbalance closingbalance
        """
    ),
    "status": _words(
        """
        status state statetype info transactionstatus estado statut stato
        """
    ),
    "mcc": _words(
        """
        mcc mcccode merchantcategorycode merchantcategory siccode sic
        """
    ),
    "original_amount": _words(
        """
        originalamount localamount originalbetrag betragfremdwahrung oorsprbedrag foreignamount
        puvodnicastka
        """
    ),
    "original_currency": _words(
        """
        originalcurrency localcurrency originalwahrung fremdwahrung oorsprmunt foreigncurrency
        """
    ),
}

# Several of these may make up one description.
DESCRIPTIONS: Final = frozenset(
    _words(
        """
        description transactiondescription verwendungszweck buchungstext transaktionsbeschreibung
        transaktionsbeschreibungzusatz details memo narrative particulars omschrijving omschrijving1
        omschrijving2 omschrijving3 gestructureerdemededeling vrijemededeling mededelingen
        naamomschrijving libelle libelleoperation libellesimplifie concepto descripcion descrizione
        causale zpravaproprijemce zpravapromne zprava poznamka opis tytul opisoperacji kozlemeny
        toelichting notes text beschreibung bankovnispojeni meddelande communication descricao
        historico transactiondetails bookingtext
        """
    )
)

CURRENCIES: Final = frozenset(
    _words(
        """
        AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES
        KRW MAD MXN MYR NGN NOK NZD PEN PHP PLN RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD UYU
        VND ZAR
        """
    )
)

DEBIT_WORDS: Final = (
    "D", "DR", "DBIT", "Debit", "Debet", "Debe", "Débit", "Soll", "S", "Af", "Outflow", "Out",
    "Dare", "Cargo", "Withdrawal",
)  # fmt: skip
CREDIT_WORDS: Final = (
    "C", "CR", "CRDT", "Credit", "Haber", "Crédit", "Haben", "H", "Bij", "Inflow", "In", "Avere",
    "Abono", "Deposit",
)  # fmt: skip
BOOKED_WORDS: Final = (
    "booked", "posted", "completed", "cleared", "settled", "executed", "umsatz gebucht", "gebucht",
    "comptabilisé", "contabilizado", "contabilizzato", "geboekt",
)  # fmt: skip
PENDING_WORDS: Final = (
    "pending", "authorised", "authorized", "processing", "umsatz vorgemerkt", "vorgemerkt",
    "en attente", "pendiente", "in sospeso", "in behandeling",
)  # fmt: skip
IGNORED_WORDS: Final = (
    "declined", "failed", "reverted", "cancelled", "canceled", "rejected", "abgelehnt", "storniert",
)  # fmt: skip

_PLAIN: Final = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d"})


def plain_name(name: str) -> str:
    """A header name as `ROLES` has it: "Zaúčtovaná částka (CZK)" is "zauctovanacastka"."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name.removeprefix("\ufeff"))
    words = bare.split()
    if len(words) > 1 and words[-1] in CURRENCIES:
        words.pop()
    return re.sub(r"[\W_]+", "", unaccented(" ".join(words)).translate(_PLAIN))


def named_currency(name: str) -> str | None:
    """The currency in a header name such as "Betrag (EUR)" or "Částka CZK"."""
    found = [word for word in re.findall(r"[A-Z]+", name) if word in CURRENCIES]
    return found[0] if len(found) == 1 else None


def is_known(name: str) -> bool:
    """Whether the header name stands in this vocabulary."""
    plain = plain_name(name)
    return plain in DESCRIPTIONS or any(plain in names for names in ROLES.values())
