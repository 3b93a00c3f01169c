#include "api/calls/grpc_server.h"

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "api/calls/authenticator.h"
#include "api/calls/invoker.h"
#include "api/store/access_store.h"
#include "api/store/key_store.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"
#include "lectern/v1/auth.pb.h"
#include "lectern/v1/courses.pb.h"
#include "tests/api/support/api_instance.h"
#include "tests/api/support/world.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern {
namespace {

using testing::ApiInstance;
using testing::Email;
using testing::kTestPassword;
using testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

class GrpcServerTest : public ::testing::Test {
 protected:
  std::shared_ptr<grpc::Channel> Channel(const ApiInstance& api) {
    auto channel = rpc::MakeChannel({{absl::StrCat("127.0.0.1:", api.port())}, "", false});
    return channel.ok() ? *channel : nullptr;
  }
  static absl::Status GetKeys(ApiInstance& api) { return api.Call("AuthService/GetKeys", v1::GetKeysRequest(), nullptr, ""); }

  testing::TestDatabase database_;
};

TEST_F(GrpcServerTest, FieldsThatItDoesNotKnowAreIgnored) {
  ApiInstance api(database_.url());
  v1::GetKeysRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(77, "from a newer client");
  EXPECT_OK(api.Call("AuthService/GetKeys", request, nullptr, ""));
}

TEST_F(GrpcServerTest, BytesThatAreNoMessageAreRefused) {
  ApiInstance api(database_.url());
  // The e-mail address of a Login must be UTF-8.
  google::protobuf::BytesValue request;
  request.set_value("\xFF\xFE");
  EXPECT_THAT(api.Call("AuthService/Login", request, nullptr, ""), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_MESSAGE"));
}

TEST_F(GrpcServerTest, AMessageAboveFourMegabytesIsRefusedAndTheNextCallWorks) {
  ApiInstance api(database_.url());
  v1::LoginRequest request;
  request.set_email(std::string(5 << 20, 'x'));
  EXPECT_THAT(api.Call("AuthService/Login", request, nullptr, ""), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(GetKeys(api));
}

TEST_F(GrpcServerTest, AMethodThatDoesNotExistIsUnimplemented) {
  ApiInstance api(database_.url());
  EXPECT_THAT(api.Call("AuthService/Nothing", v1::GetKeysRequest(), nullptr, ""), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(GrpcServerTest, HealthIsServed) {
  ApiInstance api(database_.url());
  // HealthCheckResponse has its enum in field 1, as Int32Value has its number: 1 is SERVING.
  google::protobuf::Int32Value response;
  EXPECT_OK(rpc::Call(*Channel(api), "/grpc.health.v1.Health/Check", v1::GetKeysRequest(), &response, "", absl::Seconds(20)));
  EXPECT_EQ(response.value(), 1);
}

TEST_F(GrpcServerTest, ReflectionListsTheServices) {
  ApiInstance api(database_.url());
  std::shared_ptr<grpc::Channel> channel = Channel(api);
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto done = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(done());
  grpc::Slice list_services("\x3a\x00", 2);   // field 7, empty
  grpc::ByteBuffer request(&list_services, 1);
  call->Write(request, nullptr);
  ASSERT_TRUE(done());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(done());
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(response.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  for (const char* service : {"AuthService", "UserService", "OrganizationService", "CourseService", "LectureService",
                              "PlaybackService", "ResourceService", "JobService"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("lectern.v1.", service)));
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  done();
}

TEST_F(GrpcServerTest, ACallerThatAsksTooOftenIsToldToWait) {
  ApiInstance api(database_.url(), {.rate = 0.001, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_OK(GetKeys(api));
  absl::Status status = GetKeys(api);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "RATE_LIMITED"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("try again in 1000 s"));
}

TEST_F(GrpcServerTest, AFullQueueRefusesAtOnceAndLosesNothingThatItTook) {
  testing::World world(database_);
  ApiInstance api(database_.url(), {.threads = 1, .max_queue = 1});
  std::string token = api.Login(Email("student"), kTestPassword);
  absl::Notification locked, release, refused;
  std::thread locker([&] {
    pg::Pool pool({.url = database_.url(), .connections = 1});
    EXPECT_OK(pool.Transaction([&](pg::Session& session) {
      absl::Status status = session.Execute("lock table users, sessions in access exclusive mode");
      locked.Notify();
      release.WaitForNotification();
      return status;
    }));
  });
  locked.WaitForNotification();
  // One call can run (and blocks on the lock), one can wait; of four, two or more are refused.
  std::atomic<int> busy = 0, good = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      absl::Status status = api.Call("AuthService/WhoAmI", v1::WhoAmIRequest(), nullptr, token);
      if (status.ok()) ++good;
      if (ReasonOf(status) == "SERVER_BUSY" && ++busy == 2) refused.Notify();
    });
  }
  refused.WaitForNotification();
  release.Notify();
  for (std::thread& caller : callers) caller.join();
  locker.join();
  EXPECT_EQ(busy + good, 4);
  EXPECT_GE(good, 1);
}

TEST_F(GrpcServerTest, AnErrorOfOursKeepsItsTextInTheLog) {
  testing::World world(database_);
  ApiInstance api(database_.url());
  std::string token = api.Login(Email("student"), kTestPassword);
  database_.Execute("alter table users rename column settings to gone");
  absl::Status status = api.Call("UserService/GetSettings", v1::GetCourseRequest(), nullptr, token);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(std::string(status.message()), HasSubstr("request id"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("column")));
}

TEST_F(GrpcServerTest, CallsAreCountedByMethodAndCode) {
  ApiInstance api(database_.url());
  EXPECT_OK(GetKeys(api));
  EXPECT_THAT(api.Call("AuthService/WhoAmI", v1::WhoAmIRequest(), nullptr, ""), StatusIs(absl::StatusCode::kUnauthenticated));
  std::string text = api.metrics().Text();
  EXPECT_THAT(text, HasSubstr(R"(lectern_api_requests_total{code="OK",method="AuthService.GetKeys"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(lectern_api_requests_total{code="UNAUTHENTICATED",method="AuthService.WhoAmI"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(lectern_api_request_seconds_count{method="AuthService.GetKeys"} 1)"));
  EXPECT_THAT(text, HasSubstr("lectern_api_statement_seconds_count{statement="));
}

TEST_F(GrpcServerTest, DatabaseTroubleIsUnavailableAndPassesByItself) {
  testing::World world(database_);
  ApiInstance api(database_.url());
  std::string token = api.Login(Email("student"), kTestPassword);
  // As after a restart of PostgreSQL: every connection is dead at once.
  database_.Execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
                    "pid <> pg_backend_pid()");
  // A call that was on its way to a dead connection is refused; each of the four connections can break once.
  absl::Status status;
  for (int i = 0; i < 5; ++i) {
    status = api.Call("AuthService/WhoAmI", v1::WhoAmIRequest(), nullptr, token);
    if (status.ok()) break;
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "CONNECTION_LOST"));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("FATAL")));
  }
  EXPECT_OK(status);
}

// A self-signed certificate for 127.0.0.1.
void WriteCertificate(const std::string& cert_path, const std::string& key_path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME* name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(cert, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(cert, names, -1);
  X509_sign(cert, key, EVP_sha256());
  auto write = [](const std::string& path, const std::function<void(BIO*)>& fill) {
    BIO* bio = BIO_new_file(path.c_str(), "w");
    fill(bio);
    BIO_free(bio);
  };
  write(cert_path, [&](BIO* bio) { PEM_write_bio_X509(bio, cert); });
  write(key_path, [&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_EXTENSION_free(names);
  X509_free(cert);
  EVP_PKEY_free(key);
}

TEST_F(GrpcServerTest, TlsIsServedAndCheckedByTheClient) {
  testing::TempDir dir;
  WriteCertificate(dir / "cert.pem", dir / "key.pem");
  testing::ApiOptions options;
  options.grpc.tls_cert_file = dir / "cert.pem";
  options.grpc.tls_key_file = dir / "key.pem";
  ApiInstance api(database_.url(), options);
  v1::KeySet keys;
  auto call = [&](const std::string& host, const std::string& ca) -> absl::Status {
    ASSIGN_OR_RETURN(auto channel, rpc::MakeChannel({{absl::StrCat(host, ":", api.port())}, ca, false}));
    return rpc::Call(*channel, "/lectern.v1.AuthService/GetKeys", v1::GetKeysRequest(), &keys, "", absl::Seconds(20));
  };
  EXPECT_OK(call("127.0.0.1", dir / "cert.pem"));
  EXPECT_EQ(keys.keys_size(), 6);
  // Another certificate than the one that the client trusts, and no TLS at all.
  WriteCertificate(dir / "other.pem", dir / "other_key.pem");
  EXPECT_THAT(call("127.0.0.1", dir / "other.pem"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(call("127.0.0.1", ""), StatusIs(absl::StatusCode::kUnavailable));
}

// What Start refuses before it looks at the handlers.
class GrpcServerOptionsTest : public GrpcServerTest {
 protected:
  absl::Status Start(const api::GrpcServerOptions& options) {
    return api::GrpcServer::Start(options, registry_, *invoker_, calls_, {}).status();
  }

  pg::Pool pool_{{.url = database_.url(), .connections = 1}};
  api::Stores stores_{pool_};
  api::KeyStore key_store_{pool_};
  api::AccessStore access_{pool_};
  std::unique_ptr<api::KeyRing> keys_ = api::KeyRing::Load(key_store_, testing::TestMasterKey()).value();
  api::Authenticator authenticator_{*keys_, stores_.sessions, stores_.resources, RealClock()};
  api::RateLimiter limiter_{0, 1, RealClock()};
  Metrics metrics_;
  api::Registry registry_;
  std::unique_ptr<api::Invoker> invoker_ = std::make_unique<api::Invoker>(
      api::Invoker::Deps{registry_, authenticator_, access_, stores_.audit, limiter_, metrics_, RealClock()});
  ThreadPool calls_{"calls", 1, 1};
};

TEST_F(GrpcServerOptionsTest, PlainTextStaysOnThisMachineUnlessAllowed) {
  EXPECT_THAT(Start({.listen = "0.0.0.0:0"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(Start({.listen = "0.0.0.0:0", .allow_plaintext = true}));
  EXPECT_OK(Start({.listen = "127.0.0.1:0"}));
}

TEST_F(GrpcServerOptionsTest, TlsNeedsACertificateAndAKeyThatExist) {
  EXPECT_THAT(Start({.tls_cert_file = "cert.pem"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Start({.tls_cert_file = "/nonexistent/cert.pem", .tls_key_file = "/nonexistent/key.pem"}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(GrpcServerOptionsTest, APortThatIsTakenIsNotShared) {
  ApiInstance api(database_.url());
  EXPECT_THAT(Start({.listen = absl::StrCat("127.0.0.1:", api.port())}), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lectern
