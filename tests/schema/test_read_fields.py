"""Everything that a tenant has can be read, in a number of statements that does not grow."""

from __future__ import annotations

from tests.fixtures.graph import Graph
from tests.fixtures.personas import a_group, a_persona, an_asset

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
16,475,350,Z,,,COFFEE
16,475,1250,Z,REF1,CUST1,LUNCH
49,100900,4/
03,87654321,EUR,015,500,,/
16,165,500,Z,,,SALARY
49,1000,3/
98,101900,2,9/
99,101900,1,11/
"""

EVERYTHING = """
{
  viewer { user { id email } role tenant { id name role } tenants { id } invitations { id } }
  providers { slug name kind capabilities formats }
  connections { edges { cursor node {
    id name provider status delivery mappingPolicy controlPolicy currency decimals { currency }
    externalId syncFrequency lastSyncAt nextSyncAt institution { id } profile { id }
    accounts { edges { node { id } } }
    mappings { edges { node { id } } }
    jobs { edges { node { id } } }
    health { status lastSyncAt nextSyncAt lastSuccessAt consecutiveFailures
      lastError { code message failedAt } lastJob { id } }
  } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
  accounts { edges { node {
    id name type currency maskedNumber status createdAt updatedAt institution { name externalId }
    balances { id kind code amount { amount currency } asOf asOfTime interim }
    balanceHistory { edges { node { kind } } }
    balancesByDay(from: "2026-03-01", to: "2026-03-02") { day amount { amount } kind asOf }
    transactions { edges { node { id } } }
    mappings { edges { node { id state } } }
  } } }
  transactions(orderBy: AMOUNT_ASC) { edges { node {
    id externalId account { id } connection { id } amount { amount currency } postedDate
    transactionDate valueDate status description descriptionRaw merchantName merchantCategoryCode
    reference
    customerReference typeCode runningBalance { amount } category { name source confidence }
    reconciliation
    source { externalId provider line lineEnd receivedAt job { id }
      rawDocument { id name mediaType sizeBytes sha256 receivedAt }
      lines { number text } }
  } } }
  transactionCount
  transactionSummary(groupBy: [MONTH]) { month count net { amount currency } }
  accountMappings { edges { node {
    id connection { id } account { id } state verifiedAt verifiedBy { id } suggestions { score }
    externalAccount { externalId maskedNumber name type institution currency }
  } } }
  ingestionJobs { edges { node {
    id kind state stage progress format review total rate attempts retryable approvedAt
    counts { fetched processed imported duplicate changed rejected withdrawn waiting }
    findings { edges { node { severity code message line field raw rejected } } }
    preview { edges { node { outcome mapping { id } } } }
    error { code message } connection { id } mapping { id } createdBy { id }
    createdAt startedAt finishedAt
  } } }
  statementProfiles { edges { node { id } } }
  personas { edges { node {
    id kind name givenName familyName email isPrimary status createdAt updatedAt user { id email }
    groups { edges { node { id name description status createdAt updatedAt
      members { edges { node { id } } } assets { edges { node { id } } } } } }
    assets { edges { node { id } } }
  } } }
  personaGroups { edges { node { id } } }
  assets { edges { node {
    id category name description institutionName status currency value { amount currency } valuedAt
    source createdAt updatedAt account { id } connection { id } group { id }
    owners { edges { node { persona { id } ownershipType percentage } } }
  } } }
  notifications { edges { node {
    id kind title data createdAt readAt connection { id } job { id }
  } } }
  notificationCount
  notificationChannels { edges { node {
    id type name kinds enabled disabledReason disabledAt failures host ending previousUntil
    recipients recipientRole createdAt updatedAt createdBy { id }
    deliveries { edges { node {
      id state nextAttemptAt createdAt settledAt notification { id } channel { id }
      attempts { number at durationMs statusCode errorCode }
    } } }
  } } }
  members { edges { node { id role user { id email } } } }
  invitations { edges { node { id } } }
  auditLog { edges { node { id event data user { id } connection { id } job { id } } } }
}
"""


async def test_owner_reads_every_field(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    persona_id = await a_persona(graph.world, place)
    group_id = await a_group(graph.world, place, persona_id)
    await an_asset(graph.world, place, group_id=group_id)

    data = await graph.ask(place.user, EVERYTHING)

    amounts = [edge["node"]["amount"]["amount"] for edge in data["transactions"]["edges"]]
    assert amounts == ["-12.50", "-3.50", "5.00"]
    assert data["transactionCount"] == 3
    assert len(data["assets"]["edges"]) == 1
