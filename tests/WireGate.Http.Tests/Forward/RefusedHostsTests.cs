using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Forward;
using WireGate.Testing.Sessions;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Http.Tests.Forward;

/// <summary>What hosts that are no targets cost whoever asks for them from another machine.</summary>
internal sealed class RefusedHostsTests : IDisposable
{
    private static readonly GatewayConfig Config = new()
    {
        Version = "1",
        StorePath = "/nowhere/store.db",
        Audit = new AuditConfig { Directory = "/nowhere/audit" },
        Admin = new AdminConfig { SocketPath = "/nowhere/admin.sock" },
        Listeners = [],
        Secrets = FrozenDictionary<string, SecretConfig>.Empty,
        Targets = FrozenDictionary<string, TargetConfig>.Empty,
        Grants = [],
    };

    private ManualTime _time = null!;
    private SessionAudit _audit = null!;
    private Admission _admission = null!;
    private TurnedAway _away = null!;
    private RefusedHosts _refused = null!;

    [SetUp]
    public void Start()
    {
        (_time, _audit) = (new ManualTime { Jumps = true }, new SessionAudit());
        _admission = new Admission(_time);
        _away = new TurnedAway(_audit, _time, NullLogger<TurnedAway>.Instance);
        _refused = new RefusedHosts(new HttpServices(null!, null!, null!, _audit, _admission, _time, NullLogger<HttpProtocol>.Instance) { TurnedAway = _away });
    }

    [TearDown]
    public void Dispose() => _away?.Dispose();

    [Test]
    public void Ten_of_them_lock_out_nobody_behind_the_same_address()
    {
        for (int i = 0; i < RefusedHosts.MostOfSource; i++)
        {
            Refuse();
        }

        Assert.That(_admission.TryEnter("out", MemoryConnection.Somebody.Address, Config.Limits, out _), Is.Null);
        Assert.That(_audit.Events.Count(e => e.Kind == AuditEventKind.SessionRefused), Is.EqualTo(RefusedHosts.MostOfSource));
    }

    [Test]
    public void One_after_the_other_slows_who_tries_them()
    {
        for (int i = 0; i < RefusedHosts.MostOfSource + 60; i++)
        {
            Refuse();
        }

        Assert.That(_admission.TryEnter("out", MemoryConnection.Somebody.Address, Config.Limits, out _), Is.Not.Null);
        Assert.That(_admission.TryEnter("out", IPAddress.Parse("198.51.100.1"), Config.Limits, out _), Is.Null, "and nobody else");
    }

    private void Refuse()
    {
        var listener = new ListenerConfig { Name = "out", Protocol = ProtocolNames.Forward, Address = Address.TryParse("127.0.0.1:3128", 0, out Address? place) ? place : null! };
        using var session = new Session(listener, () => Config, MemoryConnection.CreatePair().Gateway, _time);
        _refused.Refuse(session, "no target", "no target");
        Assert.That(session.End, Is.EqualTo(SessionEnd.UnknownTarget));
    }
}
