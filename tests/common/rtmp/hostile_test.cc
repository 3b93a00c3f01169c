// Random and damaged bytes for everything that parses. Worth most under the address sanitizer.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "common/base/text.h"
#include "common/rtmp/amf.h"
#include "common/rtmp/chunks.h"
#include "common/rtmp/flv.h"
#include "common/rtmp/handshake.h"
#include "common/rtmp/server.h"
#include "common/rtmp/session.h"
#include "tests/support/status_matchers.h"

namespace lectern::rtmp {
namespace {

constexpr int kRounds = 20'000;

class Damage {
 public:
  explicit Damage(uint32_t seed) : random_(seed) {}
  size_t Below(size_t limit) { return random_() % limit; }

  std::string Random(size_t most) {
    std::string bytes(Below(most) + 1, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }
  // A few bytes changed, cut, or doubled.
  std::string Mutate(std::string bytes) {
    for (size_t count = Below(6) + 1; count > 0 && !bytes.empty(); --count) {
      size_t at = Below(bytes.size());
      switch (Below(5)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes.insert(at, bytes.substr(Below(bytes.size()), Below(40)));
          break;
        case 2:
          bytes[at] = '\xff';
          break;
        default:
          bytes[at] = static_cast<char>(random_());
      }
    }
    return bytes;
  }

 private:
  std::mt19937 random_;
};

std::string GoodChunks() {
  ChunkWriter writer;
  std::string bytes;
  writer.Append(kCommandAmf0, 0, 0, 3, EncodeAmf({AmfValue::String("connect"), AmfValue::Number(1), AmfValue::Object({{"app", AmfValue::String("live")}})}),
                bytes);
  writer.Append(kVideoType, 1, 0x1000000, 6, std::string(500, 'v'), bytes);
  writer.Append(kAggregate, 1, 40, 6, std::string("\x08\0\0\x01\0\0\x01\0\0\0\0s\0\0\0\x0c", 16), bytes);
  writer.Append(kSetChunkSize, 0, 0, 2, std::string("\0\0\x02\0", 4), bytes);
  return bytes;
}

TEST(HostileTest, ChunksOfAnyKindEndInMessagesOrAnError) {
  Damage damage(1);
  const std::string good = GoodChunks();
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    ChunkReader reader(100'000);
    MediaSorter sorter;
    std::string bytes = round % 2 ? damage.Mutate(good) : damage.Random(600);
    for (size_t at = 0; at < bytes.size();) {
      size_t piece = damage.Below(100) + 1;
      if (!reader.Feed(absl::string_view(bytes).substr(at, piece)).ok()) {
        ++refused;
        break;
      }
      at += piece;
      RawMessage message;
      while (reader.Next(message)) {
        ASSERT_LE(message.payload.size(), 100'000u);
        if (ParseCommand(message).ok()) sorter.Take(std::move(message));
      }
    }
  }
  EXPECT_GT(refused, kRounds / 10);
  EXPECT_LT(refused, kRounds);
}

TEST(HostileTest, AmfOfAnyKindEndsInValuesOrAnError) {
  Damage damage(2);
  const std::string good = EncodeAmf({AmfValue::String("publish"), AmfValue::Number(5), AmfValue::Null(), AmfValue::String("name"),
                                      AmfValue::Object({{"a", AmfValue::Object({{"b", AmfValue::Boolean(true)}})}})}) +
                           std::string("\x0a\0\0\0\x02\x05\x05\x08\0\0\0\x01\0\x01k\x05\0\0\x09", 19);
  for (int round = 0; round < kRounds; ++round) {
    auto values = DecodeAmf(round % 2 ? damage.Mutate(good) : damage.Random(200));
    if (values.ok()) EXPECT_LE(values->size(), 2000u);
  }
}

TEST(HostileTest, FlvOfAnyKindEndsInMessagesOrAnError) {
  Damage damage(3);
  std::string good = FlvHeader();
  for (int i = 0; i < 5; ++i) AppendFlvTag({MediaMessage::kVideo, i * 40, std::make_shared<const std::string>(100, 'v')}, good);
  for (int round = 0; round < kRounds; ++round) {
    FlvReader reader;
    std::string bytes = round % 2 ? damage.Mutate(good) : damage.Random(200);
    for (size_t at = 0; at < bytes.size(); at += 50) {
      if (!reader.Feed(absl::string_view(bytes).substr(at, 50)).ok()) break;
      MediaMessage message;
      while (reader.Next(message)) IsKeyFrame(message);
    }
  }
}

// Connects, says `bytes`, and reads until the server closes.
size_t Converse(uint16_t port, const std::string& bytes) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_GE(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
  shutdown(fd, SHUT_WR);
  size_t got = 0;
  char buffer[4096];
  for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) got += count;
  close(fd);
  return got;
}

TEST(HostileTest, AServerOutlivesWhateverIsSaidToIt) {
  ServerHandlers handlers;
  handlers.authorize = [](const PublishRequest&) { return Feedback(); };
  handlers.serve = [](const PublishRequest&, PublisherConnection& connection) {
    while (connection.Next(absl::Seconds(5)).ok()) continue;
  };
  ServerOptions options;
  options.max_message_bytes = 100'000;
  auto server = Server::Start(options, handlers);
  ASSERT_OK(server.status());
  Damage damage(4);
  const std::string hello = HandshakeHello() + std::string(kHandshakePart, 'e');
  std::string publish;
  ChunkWriter writer;
  writer.Append(kCommandAmf0, 0, 0, 3, EncodeAmf({AmfValue::String("connect"), AmfValue::Number(1), AmfValue::Object({})}), publish);
  writer.Append(kCommandAmf0, 1, 0, 3,
                EncodeAmf({AmfValue::String("publish"), AmfValue::Number(5), AmfValue::Null(), AmfValue::String("n?k=v")}), publish);
  EXPECT_EQ(Converse((*server)->port(), "GET / HTTP/1.1\r\n\r\n"), 0u);
  for (int round = 0; round < 150; ++round) {
    Converse((*server)->port(), round % 3 == 0 ? damage.Random(4000) : hello + damage.Mutate(publish + GoodChunks()));
  }
  // It still serves.
  EXPECT_GT(Converse((*server)->port(), hello + publish + GoodChunks()), 2 * kHandshakePart);
}

TEST(HostileTest, WhoIsNotLetInMayNotSendMuch) {
  ServerHandlers handlers;
  std::atomic<int> asked{0};
  handlers.authorize = [&](const PublishRequest&) {
    ++asked;
    return Feedback();
  };
  handlers.serve = [](const PublishRequest&, PublisherConnection&) {};
  ServerOptions options;
  options.max_early_bytes = 10'000;
  auto server = Server::Start(options, handlers);
  ASSERT_OK(server.status());
  const std::string hello = HandshakeHello() + std::string(kHandshakePart, 'e');
  std::string bytes;
  ChunkWriter writer;
  for (int i = 0; i < 30; ++i) writer.Append(kVideoType, 1, 0, 6, std::string(1000, 'v'), bytes);
  writer.Append(kCommandAmf0, 1, 0, 3,
                EncodeAmf({AmfValue::String("publish"), AmfValue::Number(5), AmfValue::Null(), AmfValue::String("name")}), bytes);
  Converse((*server)->port(), hello + bytes);
  server->reset();
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace lectern::rtmp
