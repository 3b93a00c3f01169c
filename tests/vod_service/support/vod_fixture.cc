#include "tests/vod_service/support/vod_fixture.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/server.h"
#include "lectern/v1/link.pb.h"
#include "vod_service/http/router.h"

namespace lectern::vod::testing {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", status.ToString().c_str());
  abort();
}

template <typename T>
T Must(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

}  // namespace

std::string Reply::Header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

bool Reply::Has(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return true;
  }
  return false;
}

Wire::Wire(int port) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
}

Wire::~Wire() {
  Close();
}

void Wire::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Wire::Send(const std::string& bytes) {
  size_t sent = 0;
  while (fd_ >= 0 && sent < bytes.size()) {
    ssize_t n = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

Reply Wire::Receive(bool head_request) {
  char chunk[65536];
  auto more = [&] {
    ssize_t n = fd_ < 0 ? 0 : recv(fd_, chunk, sizeof chunk, 0);
    if (n > 0) buffer_.append(chunk, static_cast<size_t>(n));
    return n > 0;
  };
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return {};
  }
  Reply reply;
  std::vector<std::string> lines = absl::StrSplit(buffer_.substr(0, end), "\r\n");
  buffer_.erase(0, end + 4);
  std::vector<std::string> status_line = absl::StrSplit(lines[0], ' ');
  if (!absl::SimpleAtoi(status_line[1], &reply.status)) return {};
  for (size_t i = 1; i < lines.size(); ++i) {
    std::pair<std::string, std::string> parts = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    reply.headers.push_back(parts);
  }
  if (reply.status == 100) return reply;
  size_t length = 0;
  if (!head_request && !absl::SimpleAtoi(reply.Header("Content-Length"), &length)) length = 0;
  while (buffer_.size() < length) {
    if (!more()) return reply;
  }
  reply.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return reply;
}

bool Wire::Closed() {
  char byte;
  return fd_ < 0 || recv(fd_, &byte, 1, 0) <= 0;
}

VodKeys MakeKeys() {
  return {GenerateKey(Audience::kUpload), GenerateKey(Audience::kJob), GenerateKey(Audience::kPlayback)};
}

void WriteDirectoryFile(const std::string& path, const VodKeys& keys) {
  v1::Directory directory;
  for (const SigningKey* key : {&keys.upload, &keys.job, &keys.playback}) {
    v1::Key* out = directory.add_keys();
    out->set_key_id(key->key_id);
    out->set_audience(std::string(AudienceWord(key->audience)));
    out->set_public_key(key->public_bytes);
  }
  Must(WriteFileAtomically(path, directory.SerializeAsString()));
}

struct VodServer::Impl {
  Impl(const std::string& data_dir, Clock& given_clock, const VodOptions& options)
      : clock(given_clock),
        catalog(Must(Catalog::Open(data_dir))),
        blobs(Must(OpenLocalBlobStore(data_dir + "/store"))),
        access(clock, data_dir + "/directory.pb"),
        pool("vod-test", 4, 10000),
        uploads(*catalog, *blobs, clock, options.limits),
        upload_handler(uploads, access, pool, clock, metrics,
                       {.public_url = "",
                        .holder_patience = options.holder_patience,
                        .receive = {.window = options.slow_window, .min_bytes = 16 * 1024}}),
        job_handler(*catalog, *blobs, access, pool, clock, {}),
        live(*catalog, *blobs, clock, options.live),
        live_handler(live, *blobs, access, pool, clock, metrics, {}),
        playback_handler(*blobs, live, access),
        download_handler(*blobs, access),
        router(upload_handler, job_handler, live_handler, playback_handler, download_handler, metrics) {}

  Clock& clock;
  Metrics metrics;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
  Access access;
  ThreadPool pool;
  UploadService uploads;
  UploadHandler upload_handler;
  JobHandler job_handler;
  LiveLibrary live;
  LiveHandler live_handler;
  PlaybackHandler playback_handler;
  DownloadHandler download_handler;
  Router router;
  std::unique_ptr<http::Server> server;
};

VodServer::VodServer(const std::string& data_dir, const VodKeys& keys, VodOptions options, Clock& clock) {
  Must(MakeDirectories(data_dir));
  WriteDirectoryFile(data_dir + "/directory.pb", keys);
  impl_ = std::make_unique<Impl>(data_dir, clock, options);
  Must(impl_->access.Load());
  impl_->access.SetResource(kResource);
  Must(impl_->uploads.Recover());
  Must(impl_->live.Load());
  impl_->uploads.FinishPending();
  http::ServerOptions server;
  server.port = static_cast<uint16_t>(options.port);
  server.threads = 2;
  server.body_timeout = options.body_timeout;
  server.fast = [router = &impl_->router](const http::RequestHead& head) { return router->HandleFast(head); };
  impl_->server = Must(http::Server::Start(
      std::move(server), [router = &impl_->router](const http::RequestHead& head, http::BodyReader& body) {
        return router->Handle(head, body);
      }));
}

VodServer::~VodServer() {
  Stop();
}

void VodServer::Stop() {
  impl_->uploads.writers().Close();
  impl_->server->Stop(absl::Seconds(5));
  impl_->pool.Stop();
}

int VodServer::port() const {
  return impl_->server->port();
}
Catalog& VodServer::catalog() {
  return *impl_->catalog;
}
BlobStore& VodServer::blobs() {
  return *impl_->blobs;
}
UploadService& VodServer::uploads() {
  return impl_->uploads;
}
LiveLibrary& VodServer::live() {
  return impl_->live;
}
Access& VodServer::access() {
  return impl_->access;
}

std::string UploadId(char digit) {
  return std::string(32, digit);
}

std::string UploadToken(const VodKeys& keys, const std::string& upload, int64_t size, const std::string& view,
                        absl::Time expires_at) {
  Claims claims;
  claims.issued_at = expires_at - absl::Hours(200);
  claims.expires_at = expires_at;
  claims.organization = 7;
  claims.resource = kResource;
  claims.lecture = kLecture;
  claims.view = view;
  claims.upload = upload;
  claims.size_bytes = size;
  return Sign(keys.upload, claims);
}

std::string JobToken(const VodKeys& keys, int64_t job, int64_t fence, const std::string& upload) {
  Claims claims;
  claims.issued_at = absl::Now() - absl::Seconds(1);
  claims.expires_at = absl::Now() + absl::Hours(1);
  claims.resource = kResource;
  claims.lecture = kLecture;
  claims.view = "comb";
  claims.upload = upload;
  claims.job = job;
  claims.fence = fence;
  return Sign(keys.job, claims);
}

std::string PlaybackToken(const VodKeys& keys, int64_t lecture) {
  Claims claims;
  claims.subject = "users/5";
  claims.issued_at = absl::Now() - absl::Seconds(10);
  claims.expires_at = absl::Now() + absl::Hours(2);
  claims.resource = kResource;
  claims.lecture = lecture;
  return Sign(keys.playback, claims);
}

Reply Ask(int port, const std::string& method, const std::string& path, const std::vector<std::string>& headers,
          const std::string& body) {
  std::string request = absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: vod\r\n");
  for (const std::string& header : headers) absl::StrAppend(&request, header, "\r\n");
  bool framed = false;
  for (const std::string& header : headers) {
    framed = framed || absl::StartsWithIgnoreCase(header, "Content-Length") ||
             absl::StartsWithIgnoreCase(header, "Transfer-Encoding");
  }
  if (!framed && (!body.empty() || method == "PATCH" || method == "POST" || method == "PUT")) {
    absl::StrAppend(&request, "Content-Length: ", body.size(), "\r\n");
  }
  Wire wire(port);
  wire.Send(request + "\r\n" + body);
  Reply reply = wire.Receive(method == "HEAD");
  while (reply.status == 100) reply = wire.Receive(method == "HEAD");
  return reply;
}

std::vector<std::string> TusHeaders(const std::string& token, std::vector<std::string> more) {
  more.push_back("Tus-Resumable: 1.0.0");
  more.push_back("Authorization: Bearer " + token);
  return more;
}

std::string PatchHead(const std::string& token, const std::string& upload, int64_t offset, int64_t content_length) {
  return absl::StrCat("PATCH /uploads/", upload,
                      " HTTP/1.1\r\nHost: v\r\nTus-Resumable: 1.0.0\r\nAuthorization: Bearer ", token,
                      "\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: ", offset,
                      "\r\nContent-Length: ", content_length, "\r\n\r\n");
}

std::string Noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Sha256Hex(const std::string& bytes) {
  return HexEncode(Sha256(bytes));
}

}  // namespace lectern::vod::testing
