import { fileURLToPath } from "node:url";

import graphql from "@graphql-eslint/eslint-plugin";

const parsed = {
  languageOptions: {
    parser: graphql.parser,
    parserOptions: {
      graphQLConfig: {
        schema: fileURLToPath(new URL("../../schema/schema.graphql", import.meta.url)),
        documents: fileURLToPath(new URL("src/operations/*.graphql", import.meta.url)),
      },
    },
  },
  plugins: { "@graphql-eslint": graphql },
};

// Run from the top of the repository: ESLint looks at nothing beside the folder it runs in.
export default [
  {
    ...parsed,
    files: ["clients/typescript/src/operations/*.graphql"],
    rules: {
      ...graphql.configs["flat/operations-all"].rules,
      // Fields stand in the order in which people read them, operations beside their thing.
      "@graphql-eslint/alphabetize": "off",
      "@graphql-eslint/lone-executable-definition": "off",
      "@graphql-eslint/match-document-filename": "off",
      "@graphql-eslint/no-one-place-fragments": "off",
      "@graphql-eslint/require-import-fragment": "off",
    },
  },
  {
    ...parsed,
    files: ["schema/schema.graphql"],
    rules: {
      ...graphql.configs["flat/schema-all"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      "@graphql-eslint/alphabetize": "off", // fields stand in the order in which people read them
      "@graphql-eslint/input-name": "off", // what is changed is chosen beside the input
      "@graphql-eslint/no-root-type": "off",
      "@graphql-eslint/no-typename-prefix": "off", // Transaction.transactionDate is a term of banks
      // Connection is a word of the domain, and its type no page of a list.
      "@graphql-eslint/relay-arguments": "off",
      "@graphql-eslint/relay-connection-types": "off",
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      "@graphql-eslint/require-field-of-type-query-in-mutation-result": "off",
      "@graphql-eslint/require-nullable-result-in-root": "off", // lists are never null
      "@graphql-eslint/strict-id-in-types": "off", // values such as Money are no things
    },
  },
];
