// The handlers of all RPCs, keyed by method descriptor. gRPC and, later, JSON reach them through `Invoker` only.
//
//   registry.Add<v1::GetCourseRequest, v1::Course>("lectern.v1.CourseService.GetCourse",
//       [&](CallContext& call, const v1::GetCourseRequest& request, v1::Course& course) { ... return absl::OkStatus(); });
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/calls/call_context.h"

namespace lectern::api {

// The levels of proto/lectern/v1/options.proto.
enum class Who { kNobody, kAnyone, kUser, kViewer, kLecturer, kMaintainer, kAdministrator, kResource };

// What the method's `access` option asks for.
struct AccessRule {
  Who who = Who::kNobody;
  // Fields from the request to the one that names the object; empty where no object is in question.
  std::vector<const google::protobuf::FieldDescriptor*> scope;
  bool audited = false;
  // The request carries a secret by which the handler itself knows the caller (Login, Join); a bearer token is not looked at.
  bool brings_secret = false;
};

struct Method {
  using Handler =
      std::function<absl::Status(CallContext&, const google::protobuf::Message&, google::protobuf::Message&)>;

  // Looks what is new for one watcher. `state` is the watcher's own, null at its first call; what is appended to `events` is sent
  // in that order. An error ends the stream.
  using Events = std::vector<std::unique_ptr<google::protobuf::Message>>;
  using Poll =
      std::function<absl::Status(CallContext&, const google::protobuf::Message&, std::shared_ptr<void>& state, Events& events)>;

  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  std::string short_name;                                    // "CourseService.GetCourse", for metrics, logs and audit
  AccessRule access;
  const google::protobuf::Message* request = nullptr;        // prototypes
  const google::protobuf::Message* response = nullptr;
  Handler handler;                                           // absent for one that streams
  Poll poll;                                                 // server-streaming methods only
  absl::Duration poll_interval;
  // By whose allowance such a call goes, found in its secret; empty: the caller's address. Absent: always the caller's.
  std::function<std::string(const google::protobuf::Message&)> allowance;
};

// The option of `method`, read. Who::kNobody where there is none. Aborts where the scope names no string field.
AccessRule ReadAccess(const google::protobuf::MethodDescriptor& method);

// Filled at start, then only read; reading is thread-safe.
class Registry {
 public:
  // `full_name` is the method's name in the descriptor, with dots. A name that does not exist, is a stream, is taken or has
  // other message types is a programming error and aborts.
  template <typename Request, typename Response>
  void Add(absl::string_view full_name,
           std::function<absl::Status(CallContext&, const Request&, Response&)> handler) {
    AddMethod(full_name, Request::default_instance(), Response::default_instance(),
              [handler = std::move(handler)](CallContext& call, const google::protobuf::Message& request,
                                             google::protobuf::Message& response) {
                return handler(call, static_cast<const Request&>(request), static_cast<Response&>(response));
              });
  }

  // The same with a method of a service object, which the registry keeps alive.
  template <typename Service, typename Request, typename Response>
  void Add(absl::string_view full_name, std::shared_ptr<Service> service,
           absl::Status (Service::*method)(CallContext&, const Request&, Response&)) {
    Add<Request, Response>(full_name, [service = std::move(service), method](CallContext& call, const Request& request,
                                                                             Response& response) {
      return ((*service).*method)(call, request, response);
    });
  }

  // A server-streaming method. `poll` runs at once and then every `interval` for each watcher, one at a time for a watcher, as a
  // call of its own: rights are checked anew each time, so that a watcher who loses them sees nothing more. Each has its own State.
  template <typename Service, typename Request, typename State, typename Event>
  void AddWatch(absl::string_view full_name, absl::Duration interval, std::shared_ptr<Service> service,
                absl::Status (Service::*poll)(CallContext&, const Request&, State&, std::vector<Event>&)) {
    AddStream(full_name, Request::default_instance(), Event::default_instance(), interval,
              [service = std::move(service), poll](CallContext& call, const google::protobuf::Message& request,
                                                   std::shared_ptr<void>& state, Method::Events& events) {
                if (state == nullptr) state = std::make_shared<State>();
                std::vector<Event> fresh;
                absl::Status status =
                    ((*service).*poll)(call, static_cast<const Request&>(request), *static_cast<State*>(state.get()), fresh);
                for (Event& event : fresh) events.push_back(std::make_unique<Event>(std::move(event)));
                return status;
              });
  }

  // Calls of a method that has been added are limited by what `key` finds in the request, not by the caller's address: many people
  // come from one. `key` is a method of the service and must not believe a secret that it has not checked.
  template <typename Service, typename Request>
  void LimitBy(absl::string_view full_name, std::shared_ptr<Service> service, std::string (Service::*key)(const Request&) const) {
    SetAllowance(full_name, [service = std::move(service), key](const google::protobuf::Message& request) {
      return ((*service).*key)(static_cast<const Request&>(request));
    });
  }

  // Null where the method has no handler. `path` is gRPC's: "/lectern.v1.CourseService/GetCourse".
  const Method* Find(absl::string_view path) const;

  // By path.
  const std::map<std::string, Method, std::less<>>& methods() const { return methods_; }

 private:
  void AddMethod(absl::string_view full_name, const google::protobuf::Message& request,
                 const google::protobuf::Message& response, Method::Handler handler);
  void Insert(Method method);
  void AddStream(absl::string_view full_name, const google::protobuf::Message& request, const google::protobuf::Message& event,
                 absl::Duration interval, Method::Poll poll);
  void SetAllowance(absl::string_view full_name, std::function<std::string(const google::protobuf::Message&)> allowance);

  std::map<std::string, Method, std::less<>> methods_;
};

// Every method of every service of package lectern.v1, but those that streams of requests come to,
// that has no handler in `registry` or no access option; for start-up and tests. Empty: complete.
std::vector<std::string> MissingMethods(const Registry& registry);

}  // namespace lectern::api
