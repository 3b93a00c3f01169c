// An edge with a warm cache, for run.sh to measure. Prints the base URL of the objects, then waits until its input
// ends.
//
//   edge_bench DIR PORT     DIR holds files that an origin in this process serves; DIR/../edge-cache is the cache
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/http/client.h"
#include "common/http/range.h"
#include "common/http/server.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/token/token.h"
#include "edge/http/edge_server.h"

namespace lectern::edge {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "edge_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

http::Awaitable<http::Response> ServeFile(const http::RequestHead& head, std::string dir) {
  std::string path = absl::StrCat(dir, "/", head.path.substr(head.path.rfind('/') + 1));
  auto file = std::make_shared<const Fd>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file->valid() || fstat(file->get(), &facts) != 0) co_return http::ErrorResponse(404, "NOT_FOUND", "no");
  auto headers = std::make_shared<const std::string>(absl::StrCat("ETag: \"", facts.st_size, "\"\r\n"));
  co_return http::FileResponse(head, file, static_cast<uint64_t>(facts.st_size), {"\"x\"", absl::UnixEpoch()}, headers);
}

int Run(const std::string& dir, uint16_t port) {
  auto origin =
      http::Server::Start({}, [dir](const http::RequestHead& head, http::BodyReader&) { return ServeFile(head, dir); });
  if (!origin.ok()) Die(origin.status());

  EdgeOptions options;
  options.port = port;
  options.cache_dir = dir + "/../edge-cache";
  Metrics metrics;
  auto edge = EdgeServer::Start(options, RealClock(), metrics);
  if (!edge.ok()) Die(edge.status());
  SigningKey key = GenerateKey(Audience::kPlayback);
  Directory directory;
  directory.keys = {{key.key_id, key.audience, key.public_bytes}};
  directory.origins[1] = absl::StrCat("http://127.0.0.1:", (*origin)->port());
  (*edge)->SetDirectory(directory);

  Claims claims;
  claims.subject = "users/1";
  claims.issued_at = RealClock().Now();
  claims.expires_at = claims.issued_at + absl::Hours(2);
  claims.lecture = 12;
  claims.resource = 1;
  std::string base = absl::StrCat("http://127.0.0.1:", (*edge)->port(), "/p/", Sign(key, claims), "/12/comb/a");
  http::Client client;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    http::ClientRequest request;
    request.url = base + "/" + file.path().filename().string();
    auto response = client.Send(request);
    if (!response.ok()) Die(response.status());
    if (response->status != 200) Die(absl::InternalError(absl::StrCat("warming: ", response->status)));
  }
  std::printf("%s\n", base.c_str());
  std::fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  (*edge)->Stop(absl::ZeroDuration());
  return 0;
}

}  // namespace
}  // namespace lectern::edge

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: edge_bench DIR PORT\n");
    return 2;
  }
  lectern::log::Init("edge_bench", lectern::log::Level::kWarn);
  return lectern::edge::Run(argv[1], static_cast<uint16_t>(std::atoi(argv[2])));
}
