/** Statement files for the walk. */

const encoder = new TextEncoder();

export interface Size {
  accounts: number;
  rows: number;
}

/** A BAI2 file: accounts with rows, and one that is only named. Its rows are of this month. */
export function bai2({ accounts, rows }: Size, month: string): Uint8Array<ArrayBuffer> {
  const day = `26${month}01`;
  const lines = [`01,BANK,HARBORTEA,${day},0600,1,,,2/`, `02,HARBORTEA,BANK,1,${day},,EUR,2/`];
  let total = 0;
  for (let account = 0; account < accounts; account++) {
    const amounts = Array.from({ length: rows }, (_, row) => 350 + row);
    const sum = amounts.reduce((all, one) => all + one, 100_000);
    lines.push(`03,${number(account)},EUR,015,100000,,/`);
    lines.push(...amounts.map((amount, row) => `16,475,${amount},Z,R${row},,COFFEE ${row}`));
    lines.push(`49,${sum},${rows + 2}/`);
    total += sum;
  }
  lines.push(`03,${number(accounts)},EUR,,,,/`, "49,0,2/");
  lines.push(`98,${total},${accounts + 1},${lines.length}/`);
  lines.push(`99,${total},1,${lines.length + 1}/`, "");
  return encoder.encode(lines.join("\n"));
}

/** A CSV file of one account; its last row cannot be read. */
export function csv({ rows }: Size, account: string): Uint8Array<ArrayBuffer> {
  const lines = ["Date,Amount,Text,Account"];
  for (let row = 0; row < rows; row++) {
    const day = String((row % 28) + 1).padStart(2, "0");
    lines.push(`2026-05-${day},-${row}.50,TEA ${row},${account}`);
  }
  return encoder.encode([...lines, `2026-05-01,nothing,BROKEN,${account}`, ""].join("\n"));
}

/** An OFX file of one row, which may correct an earlier one. */
export function ofx(id: string, amount: string, corrects?: string): Uint8Array<ArrayBuffer> {
  const account = "<BANKACCTFROM><BANKID>12<ACCTID>5550001<ACCTTYPE>CHECKING</BANKACCTFROM>";
  const old = corrects ? `<CORRECTFITID>${corrects}<CORRECTACTION>REPLACE` : "";
  const row = `<TRNTYPE>DEBIT<DTPOSTED>20260601<TRNAMT>${amount}<FITID>${id}${old}`;
  return encoder.encode(
    [
      "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n",
      "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR",
      `${account}<BANKTRANLIST><STMTTRN>${row}<NAME>CORRECTED TEA</STMTTRN></BANKTRANLIST>`,
      "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
      "",
    ].join("\n"),
  );
}

/** How those CSV files are read. */
export function profile(dateFormat: string): object {
  return {
    name: "Tea bank",
    dateFormat,
    decimalMark: ".",
    currency: "EUR",
    columns: { postedDate: "Date", amount: "Amount", description: ["Text"], account: "Account" },
  };
}

/** The number of an account in those files. */
export function number(account: number): string {
  return `1234${String(account).padStart(4, "0")}`;
}
