/* A closed-loop HTTP load for bench/graphql: cheap, as it shares the cores with what it measures.
 *
 *     load PORT CLIENTS WARM_SECONDS SECONDS REQUESTS_FILE FIRST
 *
 * REQUESTS_FILE holds whole HTTP/1.1 requests, each after its length (4 bytes, little-endian). Each
 * client is one kept-alive connection that sends the next request when it has its answer; they take
 * turns through the file from request FIRST on. Prints one line of JSON: answers, seconds, bytes of
 * bodies, latencies in microseconds, and failures: what is no 200, or has `"errors"` in its body.
 * The latencies are of all answers within SECONDS, not corrected for anything.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, ANSWER_MAX = 1 << 20, LATENCIES_MAX = 1 << 23, STALL_MS = 10000 };

struct client {
  int socket;
  size_t received;
  int64_t sent_at;
  char answer[ANSWER_MAX];
};

static char *file, **requests;
static uint32_t *lengths, *latencies;
static size_t request_count, next_request, answered, failed, body_bytes;
static char first_failure[512];

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void read_requests(const char *path) {
  FILE *stream = fopen(path, "rb");
  if (!stream) die(path);
  fseek(stream, 0, SEEK_END);
  size_t size = (size_t)ftell(stream), at = 0;
  rewind(stream);
  file = malloc(size);
  if (!file || fread(file, 1, size, stream) != size) die(path);
  fclose(stream);
  requests = calloc(size / 4 + 1, sizeof *requests);
  lengths = calloc(size / 4 + 1, sizeof *lengths);
  while (at + 4 <= size) {
    memcpy(&lengths[request_count], file + at, 4);
    requests[request_count] = file + at + 4;
    at += 4 + lengths[request_count++];
  }
  if (!request_count || at != size) { errno = EINVAL; die(path); }
}

static void ask(struct client *client) {
  size_t index = next_request++ % request_count;
  client->received = 0;
  client->sent_at = now_us();
  /* A request is a few kilobytes: the socket's buffer takes it whole. */
  if (send(client->socket, requests[index], lengths[index], MSG_NOSIGNAL) != lengths[index])
    die("send");
}

/* The length of a whole answer, and where its body begins; 0 while more is to come. */
static size_t whole(struct client *client, size_t *body) {
  client->answer[client->received] = 0;
  char *end = memmem(client->answer, client->received, "\r\n\r\n", 4);
  if (!end) return 0;
  *end = 0;
  char *length = strcasestr(client->answer, "\r\ncontent-length:");
  *end = '\r';
  if (!length) { errno = EPROTO; die("an answer without Content-Length"); }
  *body = (size_t)(end - client->answer) + 4;
  size_t total = *body + strtoul(length + 17, NULL, 10);
  return client->received >= total ? total : 0;
}

static void judge(struct client *client, size_t total, size_t body) {
  int fine = !memcmp(client->answer, "HTTP/1.1 200", 12) &&
             !memmem(client->answer + body, total - body, "\"errors\"", 8);
  if (fine) return;
  if (!failed++) snprintf(first_failure, sizeof first_failure, "%.500s", client->answer + body);
}

static int ascending(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static uint32_t percentile(double part) {
  size_t at = (size_t)(part * (double)answered);
  return answered ? latencies[at < answered ? at : answered - 1] : 0;
}

static int connected(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  int made = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof address)) die("connect");
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

/* Takes what has come; true once the answer is whole. */
static int receive(struct client *client, int counting) {
  size_t room = ANSWER_MAX - 1 - client->received, body;
  ssize_t got = recv(client->socket, client->answer + client->received, room, 0);
  if (got <= 0) die("the server closed a connection");
  client->received += (size_t)got;
  size_t total = whole(client, &body);
  if (!total) return 0;
  judge(client, total, body);
  if (counting && answered < LATENCIES_MAX) {
    latencies[answered++] = (uint32_t)(now_us() - client->sent_at);
    body_bytes += total - body;
  }
  return 1;
}

static void run(struct client *clients, int count, int poll, int64_t seconds_us, int counting) {
  struct epoll_event events[64];
  int64_t end = now_us() + seconds_us;
  int busy = count;
  for (int i = 0; i < count; i++) ask(&clients[i]);
  while (busy) {
    int ready = epoll_wait(poll, events, 64, STALL_MS);
    if (ready <= 0) { errno = ETIMEDOUT; die("no answer for ten seconds"); }
    for (int i = 0; i < ready; i++) {
      struct client *client = events[i].data.ptr;
      if (!receive(client, counting)) continue;
      if (now_us() < end) ask(client);
      else busy--;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 7) { errno = EINVAL; die("PORT CLIENTS WARM_SECONDS SECONDS REQUESTS_FILE FIRST"); }
  int count = atoi(argv[2]), poll = epoll_create1(0);
  if (count < 1 || count > CLIENTS_MAX) { errno = EINVAL; die("CLIENTS"); }
  read_requests(argv[5]);
  latencies = calloc(LATENCIES_MAX, sizeof *latencies);
  struct client *clients = calloc((size_t)count, sizeof *clients);
  for (int i = 0; i < count; i++) {
    clients[i].socket = connected(atoi(argv[1]));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, clients[i].socket, &event);
  }
  run(clients, count, poll, (int64_t)(atof(argv[3]) * 1e6), 0);
  puts("warm");
  fflush(stdout);
  if (getchar() == EOF) return 1; /* the caller reads its clocks first */
  next_request = strtoul(argv[6], NULL, 10);
  int64_t started = now_us();
  run(clients, count, poll, (int64_t)(atof(argv[4]) * 1e6), 1);
  double seconds = (double)(now_us() - started) / 1e6;
  qsort(latencies, answered, sizeof *latencies, ascending);
  if (failed) fprintf(stderr, "load: first failure: %s\n", first_failure);
  printf("{\"answers\":%zu,\"seconds\":%.6f,\"bytes\":%zu,\"failed\":%zu,\"p50\":%u,\"p95\":%u,"
         "\"p99\":%u,\"max\":%u}\n", answered, seconds, body_bytes, failed, percentile(.5),
         percentile(.95), percentile(.99), percentile(1));
  return 0;
}
