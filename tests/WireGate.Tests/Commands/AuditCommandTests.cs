using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Core.Audit;

namespace WireGate.Tests.Commands;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AuditCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("wiregate-audit-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _output.Dispose();
        _error.Dispose();
    }

    [Test]
    public async Task Verify_says_ok_for_each_chain_while_the_log_is_open()
    {
        await using AuditLog log = Open();
        log.Append(new AuditEvent(AuditEventKind.DaemonStarted));

        Assert.That(Run("verify", "--dir", _directory), Is.EqualTo(0));
        Assert.That(_output.ToString(), Does.Match(@"(?m)^shared +1 +\S+Z +\S+Z +ok$").And.Match("(?m)^loop-0 +0 +- +- +ok$"));
    }

    [Test]
    public async Task Verify_names_the_record_and_the_class()
    {
        await WriteTamperedAsync();

        Assert.That(Run("verify", "--dir", _directory), Is.EqualTo(1));
        Assert.That(_output.ToString(), Does.Match(@"(?m)^shared +0 .*\.segment: record 1: edited: "));
    }

    [Test]
    public async Task Verify_as_json_gives_one_object_per_chain()
    {
        await WriteTamperedAsync();

        Assert.That(Run("verify", "--json", "--dir", _directory), Is.EqualTo(1));
        string[] lines = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2));
        using var shared = JsonDocument.Parse(lines[0]);
        Assert.That(shared.RootElement.GetProperty("ok").GetBoolean(), Is.False);
        Assert.That(shared.RootElement.GetProperty("fault").GetProperty("class").GetString(), Is.EqualTo("edited"));
        Assert.That(shared.RootElement.GetProperty("fault").GetProperty("sequence").GetInt64(), Is.EqualTo(1));
        using var loop = JsonDocument.Parse(lines[1]);
        Assert.That(loop.RootElement.GetProperty("ok").GetBoolean());
    }

    [TestCase("verify")]
    [TestCase("export")]
    public void The_config_file_says_where_the_log_is(string verb)
    {
        Assert.That(Run(verb, "--config", "/etc/other.yaml"), Is.EqualTo(2));
        Assert.That(_error.ToString(), Does.Contain("/etc/other.yaml.audit: "));
    }

    [TestCase("verify")]
    [TestCase("export")]
    public void A_directory_without_a_log_is_a_usage_error(string verb)
    {
        Assert.That(Run(verb, "--dir", _directory), Is.EqualTo(2));
        Assert.That(Run(verb, "--dir", Path.Combine(_directory, "missing")), Is.EqualTo(2));
        Assert.That(_error.ToString(), Does.Contain("no audit log is there").And.Contains("is not there; name the directory"));
    }

    [Test]
    public void Verify_as_json_gives_one_object_of_what_is_wrong()
    {
        Assert.That(Run("verify", "--json", "--dir", _directory), Is.EqualTo(2));

        Assert.That(_error.ToString(), Is.Empty);
        using var said = JsonDocument.Parse(_output.ToString());
        Assert.That(said.RootElement.GetProperty("ok").GetBoolean(), Is.False);
        Assert.That(said.RootElement.GetProperty("errors")[0].GetProperty("message").GetString(), Does.StartWith($"{_directory}: no audit log is there"));
    }

    [Test]
    public async Task Export_prints_each_record_as_a_line_of_json_with_its_place()
    {
        await using AuditLog log = Open();
        log.Append(new AuditEvent(AuditEventKind.DaemonStarted));
        log.Append(new AuditEvent(AuditEventKind.SessionRefused) { Reference = "K7Q2", Detail = "a\nb" });

        Assert.That(Run("export", "--dir", _directory), Is.EqualTo(0));
        string[] lines = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2));
        using var last = JsonDocument.Parse(lines[1]);
        Assert.That(last.RootElement.GetProperty("chain").GetInt32(), Is.EqualTo(-1));
        Assert.That(last.RootElement.GetProperty("sequence").GetInt64(), Is.EqualTo(2));
        Assert.That(last.RootElement.GetProperty("ref").GetString(), Is.EqualTo("K7Q2"));
    }

    private AuditLog Open() => AuditLog.Open(_directory, 1, TimeProvider.System, NullLogger.Instance);

    private async Task WriteTamperedAsync()
    {
        await using (AuditLog log = Open())
        {
            AuditPosition first = log.Append(new AuditEvent(AuditEventKind.DaemonStarted));
            await log.WhenDurableAsync(first);
            log.Append(new AuditEvent(AuditEventKind.DaemonStopped));
        }

        string segment = Directory.GetFiles(Path.Combine(_directory, "shared"), "*.segment").Single();
        using FileStream stream = File.Open(segment, FileMode.Open);
        stream.Position = 4096 + 100;
        int value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 1));
    }

    private int Run(params string[] args) =>
        AuditCommand.Create(config => config + ".audit").Parse(args).Invoke(new InvocationConfiguration { Output = _output, Error = _error });
}
