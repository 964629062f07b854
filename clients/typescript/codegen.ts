import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types of what the operations ask and of what they are given, from the schema of the server. */
const config: CodegenConfig = {
  schema: "../../schema/schema.graphql",
  documents: ["src/operations/*.graphql"],
  generates: {
    "src/generated.ts": {
      plugins: [
        { add: { content: "// Made by `npm run generate` from the schema and src/operations." } },
        "typescript-operations",
        "typed-document-node",
      ],
      config: {
        documentMode: "documentNodeImportFragments",
        inlineFragmentTypes: "combine",
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          // Money is exact as text; a number of JavaScript is not.
          Decimal: "string",
          ID: "string",
          JSON: "unknown",
        },
      },
    },
  },
};

export default config;
