#include "tests/support/pg_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/pg/pool.h"

namespace lectern::testing {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "pg_fixture: %s\n", what.c_str());
  std::abort();
}

// The newest server that Debian has installed.
std::string ServerProgram(const std::string& name) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string path = version.path() / "bin" / name;
    if (access(path.c_str(), X_OK) == 0) found.push_back(path);
  }
  if (found.empty()) Die("no PostgreSQL server below /usr/lib/postgresql; install the package postgresql");
  return *std::max_element(found.begin(), found.end());
}

const passwd* ServerUser() {
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) user = getpwnam("nobody");
  if (user == nullptr) Die("running as root and there is neither a user postgres nor nobody");
  return user;
}

// PostgreSQL refuses to run as root.
pid_t StartServerProgram(const std::vector<std::string>& command, const std::string& log) {
  const passwd* user = geteuid() == 0 ? ServerUser() : nullptr;
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) Die("cannot fork");
  if (pid > 0) return pid;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(125);
  // A test that crashes takes its server with it. Must follow setuid, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGINT);
  if (getppid() != parent) _exit(125);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

bool Succeeded(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// SQL outside a transaction; the first column of the first row.
std::string RunSql(const std::string& url, const std::string& sql) {
  PGconn* conn = PQconnectdb(url.c_str());
  if (PQstatus(conn) != CONNECTION_OK) Die(absl::StrCat("cannot connect: ", PQerrorMessage(conn)));
  PQsetNoticeProcessor(
      conn, [](void*, const char*) {}, nullptr);
  PGresult* result = PQexec(conn, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) Die(absl::StrCat(sql, ": ", PQerrorMessage(conn)));
  std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(conn);
  return value;
}

// The same server and user, another database.
std::string WithDatabase(const std::string& url, const std::string& database) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &error);
  if (options == nullptr) Die(absl::StrCat("LECTERN_TEST_PG: ", error));
  std::string rebuilt = absl::StrCat("dbname='", database, "'");
  for (PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string(option->keyword) == "dbname") continue;
    absl::StrAppend(&rebuilt, " ", option->keyword, "='",
                    absl::StrReplaceAll(option->val, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
  }
  PQconninfoFree(options);
  return rebuilt;
}

// Of the cluster for TestDatabase.
std::string AdminUrl() {
  static const std::string url = [] {
    if (const char* given = std::getenv("LECTERN_TEST_PG"); given != nullptr && *given != '\0')
      return WithDatabase(given, "postgres");
    static PgCluster cluster;  // stopped when the process ends
    return cluster.Url();
  }();
  return url;
}

// Changes when any migration changes (FNV-1a, so that all builds agree).
std::string TemplateName() {
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(MigrationsFolder())) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  uint64_t hash = 14695981039346656037u;
  for (const std::string& file : files) {
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) Die(text.status().ToString());
    for (const char c : absl::StrCat(file, "\n", *text)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return absl::StrCat("lectern_template_", absl::Hex(hash, absl::kZeroPad16));
}

// Migrates under a temporary name; the rename tells the other processes that it is whole.
void MakeTemplate(const std::string& name) {
  const std::string raw = absl::StrCat("lectern_raw_", RandomHex(8));
  RunSql(AdminUrl(), absl::StrCat("create database ", raw, " template template0"));
  absl::StatusOr<int> applied = pg::Migrate(WithDatabase(AdminUrl(), raw), MigrationsFolder());
  if (!applied.ok()) Die(applied.status().ToString());
  RunSql(AdminUrl(), absl::StrCat("alter database ", raw, " rename to ", name));
}

const std::string& Template() {
  static const std::string name = [] {
    std::string wanted = TemplateName();
    PGconn* guard = PQconnectdb(AdminUrl().c_str());  // its end releases the lock
    PQclear(PQexec(guard, "select pg_advisory_lock(hashtext('lectern.test_template'))"));
    if (RunSql(AdminUrl(), absl::StrCat("select 1 from pg_database where datname = '", wanted, "'")).empty())
      MakeTemplate(wanted);
    PQfinish(guard);
    return wanted;
  }();
  return name;
}

}  // namespace

PgCluster::PgCluster() {
  std::string pattern = std::filesystem::temp_directory_path() / "lectern-pg-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) Die("cannot make a folder for the cluster");
  folder_ = pattern;
  if (geteuid() == 0) {
    const passwd* user = ServerUser();
    if (chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) Die("cannot give the folder to the server's user");
  }
  const pid_t pid = StartServerProgram({ServerProgram("initdb"), "-D", folder_ + "/data", "-U", "lectern", "-A",
                                        "trust", "-E", "UTF8", "--no-locale", "--no-sync"},
                                       "/dev/null");
  if (!Succeeded(pid)) Die("initdb failed");
  Start();
}

PgCluster::~PgCluster() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PgCluster::Start() {
  server_ = StartServerProgram({ServerProgram("postgres"),
                                "-D",
                                folder_ + "/data",
                                "-k",
                                folder_,
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "fsync=off",
                                "-c",
                                "synchronous_commit=off",
                                "-c",
                                "full_page_writes=off",
                                "-c",
                                "max_connections=200",
                                "-c",
                                "max_wal_size=256MB",
                                "-c",
                                "min_wal_size=32MB",
                                "-c",
                                "shared_buffers=64MB"},
                               folder_ + "/log");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (PQping(Url().c_str()) != PQPING_OK) {
    if (waitpid(server_, nullptr, WNOHANG) != 0)
      Die(absl::StrCat("the server ended: ", ReadFile(folder_ + "/log").value_or("")));
    if (absl::Now() > deadline) Die("the server does not answer");
    absl::SleepFor(absl::Milliseconds(10));
  }
}

void PgCluster::Stop() {
  if (server_ < 0) return;
  kill(server_, SIGINT);
  Succeeded(server_);
  server_ = -1;
}

std::string PgCluster::Url(const std::string& database) const {
  return absl::StrCat("host='", folder_, "' user='lectern' dbname='", database, "'");
}

TestDatabase::TestDatabase(bool migrated) {
  name_ = absl::StrCat("lectern_test_", RandomHex(8));
  RunSql(AdminUrl(), absl::StrCat("create database ", name_, " template ", migrated ? Template() : "template0"));
  url_ = WithDatabase(AdminUrl(), name_);
}

TestDatabase::~TestDatabase() {
  RunSql(AdminUrl(), absl::StrCat("drop database if exists ", name_, " with (force)"));
}

void TestDatabase::Execute(const std::string& sql) {
  RunSql(url_, sql);
}

std::string TestDatabase::Query(const std::string& sql) {
  return RunSql(url_, sql);
}

std::string MigrationsFolder() {
  const char* source = std::getenv("LECTERN_SOURCE_DIR");
  return absl::StrCat(source != nullptr ? source : LECTERN_SOURCE_DIR, "/migrations");
}

}  // namespace lectern::testing
