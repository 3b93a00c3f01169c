// How long a job is on its way: from the call that makes it (durable) until an idle worker holds its Assign, over real
// gRPC and a real PostgreSQL, beside the floor of one commit and one push measured in the same run; and how many jobs
// that do nothing go through the whole path in a second. README.md in the folder above says how to run it.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/control/control.h"
#include "api/store/job_store.h"
#include "common/base/text.h"
#include "common/config/flags.h"
#include "common/exec/periodic_loop.h"
#include "common/pg/pool.h"
#include "lectern/v1/link.grpc.pb.h"

namespace lectern::api {
namespace {

struct BenchConfig {
  std::string database_url;
  std::string migrations_dir = "migrations";
  int64_t samples = 2000;
  int64_t throughput_jobs = 10000;
  int64_t workers = 4;
  int64_t slots = 50;
};

void Check(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  std::exit(1);
}

void Print(const std::string& name, std::vector<double>& micros) {
  std::sort(micros.begin(), micros.end());
  const auto at = [&](double share) {
    return micros[std::min(micros.size() - 1, static_cast<size_t>(share * micros.size()))];
  };
  std::printf("%-58s p50 %7.0f us   p99 %7.0f us   min %6.0f us   n %zu\n", name.c_str(), at(0.5), at(0.99),
              micros.front(), micros.size());
  std::fflush(stdout);
}

ControlKeys BenchKeys() {
  ControlKeys keys;
  keys.verify_resource = [](absl::string_view credential) -> absl::StatusOr<Claims> {
    Claims claims;
    claims.subject = std::string(credential);
    claims.serial = 1;
    return claims;
  };
  keys.sign_job = [](const Claims&) -> absl::StatusOr<std::string> { return std::string("unused"); };
  keys.public_keys = []() -> absl::StatusOr<std::vector<PublicKey>> { return std::vector<PublicKey>(); };
  return keys;
}

class Instance {
 public:
  Instance(const std::string& name, const BenchConfig& config)
      : pool_({.url = config.database_url, .connections = 12}), jobs_(pool_) {
    ControlConfig control;
    control.instance = name;
    control.database_url = config.database_url;
    control_ = Control::Create(control, BenchKeys(), pool_, metrics_, RealClock());
    Check(control_->Start(), "start");
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&control_->service());
    server_ = builder.BuildAndStart();
  }
  ~Instance() {
    server_->Shutdown(std::chrono::system_clock::now());
    control_->Stop();
  }

  InsertedTask Submit(int count) {
    NewJob job;
    job.kind = "noop";
    job.spec_json = R"({"noop":{}})";
    NewTask task;
    task.organization = 1;
    task.kind = "test";
    task.jobs.assign(count, job);
    absl::StatusOr<InsertedTask> inserted = jobs_.InsertTask(task);
    Check(inserted.status(), "insert");
    control_->hints().work();
    return *inserted;
  }
  void WaitUntilLeader() {
    while (!control_->is_leader()) absl::SleepFor(absl::Milliseconds(10));
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  pg::Pool& pool() { return pool_; }

 private:
  pg::Pool pool_;
  Metrics metrics_;
  JobStore jobs_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// A worker that accepts and ends every job at once.
class Worker {
 public:
  Worker(const std::string& address, int64_t resource, int slots)
      : stub_(v1::ResourceLink::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    context_.AddMetadata("authorization", absl::StrCat("Bearer resources/", resource));
    stream_ = stub_->Attach(&context_);
    v1::ResourceMessage message;
    message.mutable_hello()->set_protocol(1);
    message.mutable_hello()->set_incarnation(RandomHex(8));
    message.mutable_hello()->set_slots(slots);
    stream_->Write(message);
    v1::ServerMessage welcome;
    if (!stream_->Read(&welcome) || !welcome.has_welcome()) Check(absl::InternalError("not welcome"), "attach");
    reader_ = std::thread([this] { Read(); });
    beats_ = std::make_unique<PeriodicLoop>("beats", absl::Seconds(2), [this] {
      v1::ResourceMessage beat;
      beat.mutable_beat()->set_seq(++seq_);
      Write(beat);
    });
  }
  ~Worker() {
    beats_->Stop();
    context_.TryCancel();
    reader_.join();
  }

  // When the latest Assign came; waits until `count` have been recorded.
  absl::Time WaitRecorded(int64_t count) {
    std::unique_lock<std::mutex> lock(mu_);
    changed_.wait(lock, [&] { return recorded_ >= count; });
    return assigned_at_;
  }
  int64_t recorded() {
    std::lock_guard<std::mutex> lock(mu_);
    return recorded_;
  }

 private:
  void Read() {
    v1::ServerMessage message;
    while (stream_->Read(&message)) {
      if (message.has_assign()) {
        {
          std::lock_guard<std::mutex> lock(mu_);
          assigned_at_ = absl::Now();
        }
        v1::ResourceMessage reply;
        reply.mutable_accept()->set_job(message.assign().job());
        reply.mutable_accept()->set_token(message.assign().token());
        Write(reply);
        reply.mutable_done()->set_job(message.assign().job());
        reply.mutable_done()->set_token(message.assign().token());
        Write(reply);
      } else if (message.has_recorded()) {
        std::lock_guard<std::mutex> lock(mu_);
        ++recorded_;
        changed_.notify_all();
      }
    }
    stream_->Finish();
  }

  void Write(const v1::ResourceMessage& message) {
    std::lock_guard<std::mutex> lock(write_mu_);
    stream_->Write(message);
  }

  std::unique_ptr<v1::ResourceLink::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ResourceMessage, v1::ServerMessage>> stream_;
  std::thread reader_;
  std::unique_ptr<PeriodicLoop> beats_;
  std::mutex write_mu_;
  uint64_t seq_ = 0;
  std::mutex mu_;
  std::condition_variable changed_;
  int64_t recorded_ = 0;
  absl::Time assigned_at_;
};

// Pushes an empty message over an open stream for each it gets.
class Echo final : public v1::ResourceLink::CallbackService {
 public:
  grpc::ServerBidiReactor<v1::ResourceMessage, v1::ServerMessage>* Attach(grpc::CallbackServerContext*) override {
    class Reactor final : public grpc::ServerBidiReactor<v1::ResourceMessage, v1::ServerMessage> {
     public:
      Reactor() { StartRead(&in_); }
      void OnReadDone(bool ok) override {
        if (ok) return StartWrite(&out_);
        Finish(grpc::Status::OK);
      }
      void OnWriteDone(bool ok) override {
        if (ok) StartRead(&in_);
      }
      void OnDone() override { delete this; }

     private:
      v1::ResourceMessage in_;
      v1::ServerMessage out_;
    };
    return new Reactor;
  }
};

// One commit and one push, which no design with a durable queue can beat; half a round trip stands for the push.
void MeasureFloor(pg::Pool& pool, int64_t samples) {
  Check(pool.Run({"make_floor",
                  "create table if not exists bench_floor (id bigint generated always as identity, spec jsonb)"})
            .status(),
        "floor");
  Echo service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  auto stub = v1::ResourceLink::NewStub(
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  auto stream = stub->Attach(&context);
  std::vector<double> both;
  for (int64_t i = 0; i < samples; ++i) {
    const absl::Time start = absl::Now();
    Check(pool.Run({"floor", "insert into bench_floor (spec) values ('{}')"}).status(), "floor");
    const absl::Time committed = absl::Now();
    v1::ResourceMessage ping;
    v1::ServerMessage pong;
    stream->Write(ping);
    stream->Read(&pong);
    both.push_back(absl::ToDoubleMicroseconds((committed - start) + (absl::Now() - committed) / 2));
  }
  stream->WritesDone();
  stream->Finish();
  server->Shutdown(std::chrono::system_clock::now());
  Print("floor: one commit and one push", both);
}

void MeasureDispatch(Instance& enqueuer, const std::string& attach_to, int64_t resource, const std::string& name,
                     int64_t samples) {
  Worker worker(attach_to, resource, 1);
  std::vector<double> micros;
  const int64_t warm_up = std::min<int64_t>(100, samples);
  for (int64_t i = 0; i < samples + warm_up; ++i) {
    const absl::Time start = absl::Now();
    enqueuer.Submit(1);
    const absl::Time assigned = worker.WaitRecorded(i + 1);
    if (i >= warm_up) micros.push_back(absl::ToDoubleMicroseconds(assigned - start));
    absl::SleepFor(absl::Microseconds(500));  // let the worker be idle again
  }
  Print(name, micros);
}

void MeasureThroughput(Instance& enqueuer, const std::vector<std::string>& addresses, int64_t first_resource,
                       const BenchConfig& config) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (int64_t i = 0; i < config.workers; ++i) {
    workers.push_back(
        std::make_unique<Worker>(addresses[i % addresses.size()], first_resource + i, static_cast<int>(config.slots)));
  }
  const absl::Time start = absl::Now();
  for (int64_t i = 0; i < config.throughput_jobs; i += 100) enqueuer.Submit(100);
  const absl::Time inserted = absl::Now();
  while (true) {
    int64_t recorded = 0;
    for (const auto& worker : workers) recorded += worker->recorded();
    if (recorded >= config.throughput_jobs) break;
    absl::SleepFor(absl::Milliseconds(1));
  }
  std::printf("%-58s %.0f jobs/s (inserted in %.2f s, all recorded after %.2f s)\n",
              absl::StrCat("no-op jobs through the whole path, ", addresses.size(), " instances").c_str(),
              config.throughput_jobs / absl::ToDoubleSeconds(absl::Now() - start),
              absl::ToDoubleSeconds(inserted - start), absl::ToDoubleSeconds(absl::Now() - start));
}

int64_t NewResource(pg::Pool& pool, int i) {
  absl::StatusOr<pg::Rows> rows = pool.Run({"bench_resource",
                                            "insert into resources (organization_id, kind, instance_key, host) values "
                                            "(1, 'worker', $1, 'bench') returning id"},
                                           absl::StrCat(RandomHex(12), i));
  Check(rows.status(), "resource");
  return (*rows)[0].Int("id");
}

void Run(const BenchConfig& config) {
  Check(pg::Migrate(config.database_url, config.migrations_dir).status(), "migrate");
  pg::Pool pool({.url = config.database_url, .connections = 2});
  Check(pool.Run({"bench_org",
                  "insert into organizations (display_name) select 'bench' where not exists (select 1 from "
                  "organizations)"})
            .status(),
        "org");
  std::vector<int64_t> resources;
  for (int i = 0; i < 3 + 2 * config.workers; ++i) resources.push_back(NewResource(pool, i));
  MeasureFloor(pool, config.samples);
  {
    Instance one(RandomHex(8), config);
    one.WaitUntilLeader();
    MeasureDispatch(one, one.address(), resources[0], "one instance: enqueue until the worker has the job",
                    config.samples);
    MeasureThroughput(one, {one.address()}, resources[3], config);
  }
  Instance leader(RandomHex(8), config);
  leader.WaitUntilLeader();
  Instance other(RandomHex(8), config);
  MeasureDispatch(other, leader.address(), resources[1], "two: enqueued at B, leader A, worker at A", config.samples);
  MeasureDispatch(leader, other.address(), resources[2], "two: enqueued at leader A, worker at B", config.samples);
  MeasureDispatch(other, other.address(), resources[1], "two: enqueued at B, leader A, worker at B", config.samples);
  MeasureThroughput(other, {leader.address(), other.address()}, resources[3] + config.workers, config);
}

}  // namespace
}  // namespace lectern::api

int main(int argc, char** argv) {
  lectern::api::BenchConfig config;
  lectern::Flags flags("bench_dispatch", "Measures how long jobs are on their way.");
  flags.String("database_url", &config.database_url, "PostgreSQL; migrations are applied");
  flags.String("migrations_dir", &config.migrations_dir, "Folder of the migrations");
  flags.Int("samples", &config.samples, "Jobs one after the other, for the latencies");
  flags.Int("throughput_jobs", &config.throughput_jobs, "Jobs in a heap, for the throughput");
  flags.Int("workers", &config.workers, "Workers for the throughput");
  flags.Int("slots", &config.slots, "Slots of each");
  if (std::optional<int> exit = flags.Parse(argc, argv)) return *exit;
  lectern::api::Run(config);
  return 0;
}
