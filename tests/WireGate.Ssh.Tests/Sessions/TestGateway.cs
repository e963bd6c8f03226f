using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Ssh.Tests.Keys;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Credentials;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Ssh.Tests.Sessions;

/// <summary>The real protocol on a real listener, with a clock and an audit log that the test holds in its hands. Nothing is behind it.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly SshKeygen _keygen = new();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly EpollTransport _transport;
    private readonly SshProtocol _protocol;
    private readonly Listener _listener;
    private readonly SecretProvider _secrets;
    private readonly TurnedAway _turnedAway;
    private readonly SessionDirectory _sessions = new();
    private readonly EnvironmentSecrets _environment = EnvironmentSecrets.Capture([]);

    /// <param name="remote">From where clients seem to come; null: from where they do.</param>
    public TestGateway(EndPoint? remote = null)
    {
        Placeholders = new ProvenPlaceholders(Time);
        _keygen.Generate("host", "ed25519");
        GatewayConfig sample = SampleConfig.Create("/nowhere/admin.sock");
        Config = sample with
        {
            Listeners = [sample.Listeners[0] with { Name = "ssh", Protocol = ProtocolNames.Ssh, Address = Testing.Transport.LoopbackPair.Parse("127.0.0.1:0"), HostKeys = [_keygen.PathOf("host")] }],
            Targets = sample.Targets.Values.Select(t => t with { Protocol = ProtocolNames.Ssh }).ToFrozenDictionary(t => t.Name),
        };
        _secrets = new SecretProvider(Config.Secrets, _environment, Time);
        _transport = new EpollTransport(1, null, _faults.Enqueue);
        var admission = new Admission(Time);
        _turnedAway = new TurnedAway(Audit, Time, NullLogger<TurnedAway>.Instance);
        _protocol = new SshProtocol(new SshServices(Placeholders, _secrets, Audit, admission, new NobodyApproves(), Time, NullLogger<SshProtocol>.Instance));
        var server = new SessionServer(
            () => Config.Listeners[0], _protocol, () => Config, admission, _sessions, _turnedAway, Audit, Time, NullLogger<SessionServer>.Instance);
        _listener = _transport.Listen(Config.Listeners[0].Address, null);
        _listener.Start(connection => server.Serve(remote is null ? connection : new FarConnection(connection, remote)), _ => { });
    }

    public ManualTime Time { get; } = new() { Jumps = true };

    public SessionAudit Audit { get; } = new();

    public ProvenPlaceholders Placeholders { get; }

    public GatewayConfig Config { get; }

    /// <summary>Sessions that have not ended.</summary>
    public int Count => _sessions.Count;

    /// <summary>Where its sessions live.</summary>
    public EventLoop Loop => _transport.Loops[0];

    public EndPoint EndPoint => _listener.LocalEndPoint;

    /// <summary>The records of one kind.</summary>
    public IReadOnlyList<AuditEvent> Records(AuditEventKind kind) => [.. Audit.Events.Where(e => e.Kind == kind)];

    /// <summary>The machine's own ssh comes with a password.</summary>
    /// <returns>What it says on stderr.</returns>
    public async Task<string> SshAsync(string password)
    {
        string askPass = _keygen.PathOf("askpass");
        await File.WriteAllTextAsync(askPass, "#!/bin/sh\necho \"$WG_PASSWORD\"\n");
        File.SetUnixFileMode(askPass, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        var start = new ProcessStartInfo("ssh", [
            "-F", "/dev/null", "-p", ((IPEndPoint)EndPoint).Port.ToString(CultureInfo.InvariantCulture), "-oPreferredAuthentications=password", "-oNumberOfPasswordPrompts=1",
            "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null", "alice+orders@127.0.0.1", "true"])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        (start.Environment["SSH_ASKPASS"], start.Environment["SSH_ASKPASS_REQUIRE"], start.Environment["WG_PASSWORD"]) = (askPass, "force", password);
        using Process ssh = Process.Start(start)!;
        ssh.StandardInput.Close();
        string heard = await ssh.StandardError.ReadToEndAsync();
        await ssh.WaitForExitAsync();
        return heard;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _sessions.KillAll(SessionEnd.Shutdown);
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return Count == 0;
            },
            "all sessions to be gone");
        await _transport.DisposeAsync();
        _protocol.Dispose();
        _secrets.Dispose();
        _environment.Dispose();
        _keygen.Remove();
        Assert.That(_faults, Is.Empty);
    }
}
