// Peer "floor": the system calls of a proxy and two HMACs over the signed text, in C, and nothing decided.
// What a signing gateway cannot get under on this machine. It trusts its load and must never meet the world.
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 8101, EXCHANGE = 9100, POOL = 4096 };

struct connection {
  int fd, upstream;
  struct connection *partner;  // the other side of a request under way
  int filled;
  char buffer[16384];
};

static struct connection *idle[POOL];
static int idle_count, poll_fd;
static SHA256_CTX inner, outer;

static void pad(SHA256_CTX *state, unsigned char byte) {
  unsigned char block[64];
  memset(block, byte, sizeof block);
  SHA256_Init(state);
  SHA256_Update(state, block, sizeof block);
}

static void sign(const char *text, size_t length, char *hex) {
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[32];
  SHA256_CTX state = inner;
  SHA256_Update(&state, text, length);
  SHA256_Final(digest, &state);
  state = outer;
  SHA256_Update(&state, digest, sizeof digest);
  SHA256_Final(digest, &state);
  for (int i = 0; i < 32; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct connection *watch(int fd, int upstream) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  struct connection *made = calloc(1, sizeof *made);
  made->fd = fd;
  made->upstream = upstream;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = made};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
  return made;
}

static struct connection *take_upstream(void) {
  if (idle_count) return idle[--idle_count];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(EXCHANGE);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
    perror("floor: the stub exchange cannot be reached");
    exit(1);
  }
  return watch(fd, 1);
}

static void give_back(struct connection *used) {
  used->partner = NULL;
  if (idle_count < POOL) idle[idle_count++] = used;
}

// The length of the whole message if it has arrived, else 0.
static int whole(struct connection *from) {
  char *end = memmem(from->buffer, from->filled, "\r\n\r\n", 4);
  if (!end) return 0;
  char *length = memmem(from->buffer, end - from->buffer, "ontent-Length: ", 15);
  long total = end + 4 - from->buffer + (length ? atol(length + 15) : 0);
  return total <= from->filled ? (int)total : 0;
}

static void sign_twice(struct connection *from, int total) {
  char *mark = memmem(from->buffer, total, "&signature=", 11);
  if (!mark) return;
  char *text = memchr(from->buffer, '?', mark - from->buffer);
  if (!text) text = (char *)memmem(from->buffer, total, "\r\n\r\n", 4) + 3;
  text++;
  char verified[64];
  sign(text, mark - text, verified);
  asm volatile("" ::"r"(verified) : "memory");  // or the compiler would leave the first one out
  sign(text, mark - text, mark + 11);
}

static void pass_on(struct connection *from) {
  int total = whole(from);
  if (!total) return;
  struct connection *to = from->partner;
  if (from->upstream) {
    if (to) to->partner = NULL;
    give_back(from);
  } else {
    sign_twice(from, total);
    to = take_upstream();
    to->partner = from;
    from->partner = to;
  }
  from->filled = 0;
  if (to && send(to->fd, from->buffer, total, MSG_NOSIGNAL) != total) fprintf(stderr, "floor: a short send\n");
}

static void receive(struct connection *from) {
  int got = recv(from->fd, from->buffer + from->filled, sizeof from->buffer - from->filled, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got > 0) {
    from->filled += got;
    pass_on(from);
    return;
  }
  if (from->upstream) {
    fprintf(stderr, "floor: the stub exchange closed a connection\n");
    exit(1);
  }
  if (from->partner) from->partner->partner = NULL;  // its answer will have nowhere to go
  close(from->fd);
  free(from);
}

int main(void) {
  pad(&inner, 0x36 ^ 'a');
  pad(&outer, 0x5c ^ 'a');
  poll_fd = epoll_create1(0);
  int listening = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = loopback(PORT);
  if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 4096)) {
    perror("floor: the port cannot be had");
    return 1;
  }
  struct connection *door = watch(listening, 0);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(poll_fd, events, 256, -1);
    for (int i = 0; i < count; i++) {
      struct connection *ready = events[i].data.ptr;
      if (ready != door) {
        receive(ready);
        continue;
      }
      for (int fd; (fd = accept(listening, NULL, NULL)) >= 0;) watch(fd, 0);
    }
  }
}
