// Asynchronous GETs to origins: VOD services, or an edge that this one stands behind. Includes Asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/http/chunk_decoder.h"
#include "common/http/server.h"

namespace lectern::edge {

struct OriginOptions {
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration head_timeout = absl::Seconds(10);
  absl::Duration stall_timeout = absl::Seconds(10);  // without a byte of the body
  size_t idle_connections = 16;                      // kept open for each origin
};

struct OriginRequest {
  std::string base_url;       // "http://host:port", perhaps with a path
  std::string target;         // "/p/..."; appended to the base
  std::string if_none_match;  // empty: none
  uint64_t resume_from = 0;   // asks for the bytes from here on, if the version is still `if_range`
  std::string if_range;
  absl::Duration head_timeout = absl::InfiniteDuration();  // where shorter than the client's
};

struct OriginHead {
  int status = 0;
  std::string etag;
  absl::Time last_modified = absl::InfinitePast();
  int64_t content_length = -1;                        // of this answer's body; -1: unknown
  absl::Duration max_age = absl::InfiniteDuration();  // Cache-Control: max-age; infinite: none
  std::optional<uint64_t> range_first;                // of a 206
};

class OriginClient;

// One request under way. Use it from one coroutine, whose executor must be a strand where several threads run.
class OriginExchange {
 public:
  ~OriginExchange();
  const OriginHead& head() const { return head_; }
  // The next bytes of the body; empty at its end, which was checked against the length or the last chunk. The view
  // stays valid until the next call. Errors: kUnavailable (broken off), kDeadlineExceeded.
  http::Awaitable<absl::StatusOr<absl::string_view>> Read();

 private:
  friend class OriginClient;
  class Deadline;

  OriginExchange(OriginClient& client, std::string pool_key, boost::asio::ip::tcp::socket socket);
  http::Awaitable<absl::Status> SendRequest(std::string bytes, absl::Duration patience);
  http::Awaitable<absl::Status> ReadHead(absl::Duration patience);
  http::Awaitable<absl::StatusOr<size_t>> Receive(absl::Duration patience, size_t offset);
  absl::StatusOr<absl::string_view> TakeBuffered();
  void TakeHead(absl::string_view bytes);
  void Finish();

  OriginClient& client_;
  const std::string pool_key_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Deadline> deadline_;
  OriginHead head_;
  std::vector<char> buffer_;
  std::vector<char> decoded_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool keep_alive_ = false;
  bool answered_ = false;  // a byte of the answer has come
  bool done_ = false;
  uint64_t left_ = 0;
  std::optional<http::ChunkDecoder> chunks_;
};

// Thread-safe. Keeps connections open between requests.
class OriginClient {
 public:
  explicit OriginClient(OriginOptions options) : options_(options) {}

  // Sends the request and reads the head of the answer, whatever its status. Errors: kInvalidArgument (URL),
  // kUnavailable (cannot connect, broken off), kDeadlineExceeded.
  http::Awaitable<absl::StatusOr<std::unique_ptr<OriginExchange>>> Start(OriginRequest request);

  // Closes idle connections. Call before the io_context goes.
  void CloseIdle();

  const OriginOptions& options() const { return options_; }

 private:
  friend class OriginExchange;
  std::optional<boost::asio::ip::tcp::socket> TakeIdle(const std::string& pool_key);
  void GiveBack(const std::string& pool_key, boost::asio::ip::tcp::socket socket);

  const OriginOptions options_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::vector<boost::asio::ip::tcp::socket>> idle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lectern::edge
