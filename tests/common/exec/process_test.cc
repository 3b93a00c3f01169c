#include "common/exec/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StatusIs;

ProcessOptions Shell(const std::string& script) {
  ProcessOptions options;
  options.argv = {"sh", "-c", script};
  return options;
}

bool Exists(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  return line.find(") Z ") == std::string::npos;
}

void WaitUntilGone(int pid) {
  while (Exists(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(ProcessTest, ReportsTheExitStatusAndTheTailOfStderr) {
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(Shell("echo first >&2; echo last >&2; exit 3")));
  ProcessExit exit = process->Wait();
  EXPECT_EQ(exit.code, 3);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_EQ(exit.stderr_tail, "first\nlast\n");
}

TEST(ProcessTest, HandsOverLinesOfBothOutputs) {
  std::vector<std::string> out, err;
  ProcessOptions options = Shell("printf 'a\\nb'; printf 'c\\n' >&2");
  options.on_stdout_line = [&](absl::string_view line) { out.emplace_back(line); };
  options.on_stderr_line = [&](absl::string_view line) { err.emplace_back(line); };
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(std::move(options)));
  EXPECT_TRUE(process->Wait().ok());
  EXPECT_THAT(out, ElementsAre("a", "b"));
  EXPECT_THAT(err, ElementsAre("c"));
}

TEST(ProcessTest, DoesNotDeadlockWhenBothPipesAreFilled) {
  size_t bytes = 0;
  ProcessOptions options = Shell("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero");
  options.on_stdout_bytes = [&](absl::string_view chunk) { bytes += chunk.size(); };
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(std::move(options)));
  ProcessExit exit = process->Wait();
  EXPECT_TRUE(exit.ok());
  EXPECT_EQ(bytes, 3000000u);
  EXPECT_EQ(exit.stderr_tail.size(), 4096u);
}

TEST(ProcessTest, RefusesAProgramThatDoesNotExist) {
  ProcessOptions options;
  options.argv = {"lectern-no-such-program"};
  EXPECT_THAT(Process::Start(options), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ProcessTest, RefusesAWorkingFolderThatDoesNotExist) {
  ProcessOptions options = Shell("true");
  options.directory = "/no/such/folder";
  EXPECT_FALSE(Process::Start(options).ok());
}

TEST(ProcessTest, GivesTheChildNothingButAMinimalEnvironment) {
  setenv("LECTERN_TEST_SECRET", "hush", 1);
  ProcessOptions options;
  options.argv = {"env"};
  options.environment = {"GIVEN=yes"};
  ASSERT_OK_AND_ASSIGN(std::string output, RunProcess(options, absl::Seconds(20)));
  unsetenv("LECTERN_TEST_SECRET");
  EXPECT_THAT(output, HasSubstr("GIVEN=yes\n"));
  EXPECT_THAT(output, HasSubstr("LANG=C.UTF-8\n"));
  EXPECT_EQ(output.find("hush"), std::string::npos);
}

TEST(ProcessTest, LeavesNoDescriptorOfTheParentOpenInTheChild) {
  int leaked = open("/dev/null", O_RDONLY);   // deliberately without O_CLOEXEC
  ASSERT_OK_AND_ASSIGN(std::string output, RunProcess(Shell("ls /proc/$$/fd"), absl::Seconds(20)));
  close(leaked);
  for (absl::string_view word : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    int fd = 0;
    ASSERT_TRUE(absl::SimpleAtoi(word, &fd));
    EXPECT_LE(fd, 3) << output;
  }
}

TEST(ProcessTest, SetsNicenessAndOwnGroup) {
  ProcessOptions options = Shell("ps -o ni= -o pgid= -p $$; echo $$");
  options.niceness = 7;
  ASSERT_OK_AND_ASSIGN(std::string output, RunProcess(options, absl::Seconds(20)));
  std::istringstream words(output);
  int niceness = 0, group = 0, pid = 0;
  words >> niceness >> group >> pid;
  EXPECT_EQ(niceness, 7);
  EXPECT_EQ(group, pid);
}

TEST(ProcessTest, AFileOverTheLimitIsAnErrorAndNotASignal) {
  testing::TempDir dir;
  ProcessOptions options = Shell("head -c 100000 /dev/zero > big");
  options.directory = dir.path();
  options.file_limit_bytes = 10000;
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(options));
  ProcessExit exit = process->Wait();
  EXPECT_NE(exit.code, 0);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_THAT(exit.stderr_tail, HasSubstr("File too large"));
}

TEST(ProcessTest, StopsGracefullyFirst) {
  std::unique_ptr<Process> process;
  ProcessOptions options = Shell("trap 'echo tidy >&2; exit 5' TERM; echo up; while :; do sleep 0.05; done");
  options.on_stdout_line = [&](absl::string_view) { process->Stop(absl::Seconds(30)); };
  ASSERT_OK_AND_ASSIGN(process, Process::Start(std::move(options)));
  ProcessExit exit = process->Wait();
  EXPECT_EQ(exit.code, 5);
  EXPECT_THAT(exit.stderr_tail, HasSubstr("tidy"));
}

TEST(ProcessTest, KillsAProgramThatIgnoresBeingStopped) {
  std::unique_ptr<Process> process;
  ProcessOptions options = Shell("trap '' TERM; echo up; while :; do sleep 0.05; done");
  options.on_stdout_line = [&](absl::string_view) { process->Stop(absl::Milliseconds(100)); };
  ASSERT_OK_AND_ASSIGN(process, Process::Start(std::move(options)));
  EXPECT_EQ(process->Wait().signal, SIGKILL);
}

TEST(ProcessTest, StopReachesAFrozenProgram) {
  std::unique_ptr<Process> process;
  ProcessOptions options = Shell("echo up; exec sleep 1000");
  options.on_stdout_line = [&](absl::string_view) {
    process->Signal(SIGSTOP);
    process->Stop(absl::Seconds(30));
  };
  ASSERT_OK_AND_ASSIGN(process, Process::Start(std::move(options)));
  EXPECT_EQ(process->Wait().signal, SIGTERM);
}

TEST(ProcessTest, KillsWhatAProgramLeavesBehind) {
  int left = 0;
  ProcessOptions options = Shell("sleep 1000 & echo $!");
  options.on_stdout_line = [&](absl::string_view line) { EXPECT_TRUE(absl::SimpleAtoi(line, &left)); };
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(std::move(options)));
  EXPECT_TRUE(process->Wait().ok());
  WaitUntilGone(left);
}

TEST(ProcessTest, DestroyingItKillsTheGroup) {
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start(Shell("sleep 1000")));
  int pid = process->pid();
  process.reset();
  EXPECT_FALSE(Exists(pid));
}

TEST(ProcessTest, SurvivesTheThreadThatStartedIt) {
  absl::StatusOr<std::unique_ptr<Process>> process;
  std::thread([&] { process = Process::Start(Shell("sleep 0.3; exit 4")); }).join();
  ASSERT_OK(process);
  EXPECT_EQ((*process)->Wait().code, 4);
}

TEST(ProcessTest, RunProcessReportsTimeOutAndFailure) {
  EXPECT_THAT(RunProcess(Shell("sleep 1000"), absl::Milliseconds(100)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(RunProcess(Shell("echo why >&2; exit 1"), absl::Seconds(20)), StatusIs(absl::StatusCode::kInternal));
}

TEST(ProcessTest, RunProcessCutsWhatIsTooLong) {
  ASSERT_OK_AND_ASSIGN(std::string output, RunProcess(Shell("head -c 1000000 /dev/zero"), absl::Seconds(20), 1000));
  EXPECT_EQ(output.size(), 1000u);
}

// A second process in the role of a worker: it starts a child with a grandchild and is killed.
TEST(ProcessTest, AKilledParentTakesItsChildrenAndGrandchildrenWithIt) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  ASSERT_OK_AND_ASSIGN(auto warm, Process::Start(Shell("true")));   // this process has a guard of its own already
  warm->Wait();
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  pid_t parent = fork();
  if (parent == 0) {
    dup2(report[1], 1);
    setenv("LECTERN_TEST_ROLE", "parent", 1);
    execl(self.c_str(), self.c_str(), "--gtest_filter=ProcessTest.RoleOfTheParent", nullptr);
    _exit(127);
  }
  close(report[1]);
  FILE* lines = fdopen(report[0], "r");
  int child = 0, grandchild = 0;
  char line[256];
  while (fgets(line, sizeof line, lines) != nullptr) {
    if (sscanf(line, "ROLE %d %d", &child, &grandchild) == 2) break;
  }
  ASSERT_GT(child, 0);
  ASSERT_TRUE(Exists(child));
  ASSERT_TRUE(Exists(grandchild));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  WaitUntilGone(child);
  WaitUntilGone(grandchild);
  fclose(lines);
}

TEST(ProcessTest, RoleOfTheParent) {
  if (getenv("LECTERN_TEST_ROLE") == nullptr) return;   // only as the other half of the test above
  ProcessOptions options = Shell("sleep 1000 & echo $! ; wait");
  std::unique_ptr<Process> process;
  options.on_stdout_line = [&](absl::string_view line) {
    printf("ROLE %d %s\n", process->pid(), std::string(line).c_str());
    fflush(stdout);
  };
  ASSERT_OK_AND_ASSIGN(process, Process::Start(std::move(options)));
  process->Wait();
}

TEST(ProcessTest, GivesAChildDescriptorsToReadAndToWrite) {
  int in[2], out[2];
  ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  ProcessOptions options;
  options.argv = {"sh", "-c", "tr a-z A-Z >&4; ls /proc/self/fd | wc -l >&4"};
  options.stdin_descriptor = in[0];
  // The same one twice, so that the places 3 and 4 are both taken.
  options.descriptors = {out[1], out[1]};
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
  close(in[0]);
  close(out[1]);
  ASSERT_OK(process);
  ASSERT_EQ(write(in[1], "word ", 5), 5);
  close(in[1]);
  EXPECT_TRUE((*process)->Wait().ok());
  char text[64] = {};
  std::string all;
  for (ssize_t got; (got = read(out[0], text, sizeof text)) > 0;) all.append(text, static_cast<size_t>(got));
  close(out[0]);
  // 0 to 4, and what ls itself opens.
  EXPECT_EQ(all, "WORD 6\n");
}

}  // namespace
}  // namespace lectern
