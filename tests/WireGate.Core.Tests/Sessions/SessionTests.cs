using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Streams;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Sessions;

public sealed class SessionTests : IDisposable
{
    private ManualTime _time = null!;
    private StreamConnection _client = null!;
    private Session _session = null!;

    [SetUp]
    public void Create()
    {
        _time = new ManualTime();
        (_client, _) = MemoryConnection.CreatePair();
        _session = new Session(SessionHouse.Config.Listeners[0], () => SessionHouse.Config, _client, _time);
    }

    [TearDown]
    public async Task Close()
    {
        _session.Dispose();
        await _client.DisposeAsync();
    }

    public void Dispose() => _session.Dispose();

    [Test]
    public void The_first_end_stays()
    {
        Assert.That(_session.TryEnd(SessionEnd.Revoked, "first"), Is.True);
        Assert.That(_session.TryEnd(SessionEnd.InternalError, "second"), Is.False);
        Assert.That(_session.End, Is.EqualTo(SessionEnd.Revoked));
        Assert.That(_session.EndDetail, Is.EqualTo("first"));
        Assert.That(_session.Phase, Is.EqualTo(SessionPhase.Ending));
    }

    [Test]
    public void Of_many_ends_at_once_one_wins()
    {
        int won = 0;
        Parallel.For(1, 20, i => Interlocked.Add(ref won, _session.TryEnd((SessionEnd)i) ? 1 : 0));
        Assert.That(won, Is.EqualTo(1));
    }

    [Test]
    public async Task A_deadline_ends_it_at_its_moment_and_not_before()
    {
        _session.SetDeadline(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.That(_session.End, Is.EqualTo(SessionEnd.None));
        _time.Advance(TimeSpan.FromTicks(1));
        await Eventually.HoldsAsync(() => _session.End == SessionEnd.HandshakeTimeout);
        Assert.That(_session.HandshakeToken.IsCancellationRequested, Is.True);
    }

    [Test]
    public async Task A_new_deadline_takes_the_place_of_the_old_one()
    {
        _session.SetDeadline(TimeSpan.FromSeconds(10));
        _session.SetDeadline(TimeSpan.FromSeconds(20), SessionEnd.Expired);
        Assert.That(_time.Waiting, Is.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(20));
        await Eventually.HoldsAsync(() => _session.End == SessionEnd.Expired);
    }

    [Test]
    public void After_the_handshake_no_deadline_and_no_token_is_left()
    {
        _session.SetDeadline(TimeSpan.FromSeconds(10));
        _session.HandshakeDone();
        Assert.That(_time.Waiting, Is.Zero);
        Assert.That(_session.HandshakeToken.CanBeCanceled, Is.False);
        Assert.That(_session.Phase, Is.EqualTo(SessionPhase.Relaying));
    }

    [Test]
    public async Task Whoever_kills_it_interrupts_it_once()
    {
        int interrupted = 0;
        _session.Interrupt = () => Interlocked.Increment(ref interrupted);
        _session.Kill(SessionEnd.Revoked);
        _session.Kill(SessionEnd.Shutdown);
        await Eventually.HoldsAsync(() => Volatile.Read(ref interrupted) == 1 && _session.End != SessionEnd.None);
        Assert.That(interrupted, Is.EqualTo(1));
    }

    [Test]
    public async Task Who_has_something_to_finish_is_told_and_goes_on()
    {
        int told = 0;
        _session.Drain = () => Interlocked.Increment(ref told);
        _session.LetFinish();
        _session.LetFinish();
        await Eventually.HoldsAsync(() => Volatile.Read(ref told) == 2);
        Assert.That(_session.End, Is.EqualTo(SessionEnd.None));
    }

    [Test]
    public async Task Who_has_nothing_to_finish_is_ended_and_interrupted()
    {
        int interrupted = 0;
        _session.Interrupt = () => Interlocked.Increment(ref interrupted);
        _session.LetFinish();
        await Eventually.HoldsAsync(() => Volatile.Read(ref interrupted) == 1);
        Assert.That(_session.End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public void Its_end_in_the_audit_log_has_all_that_is_known()
    {
        _session.Caller = Caller.Of(SessionHouse.Placeholder());
        _session.ClientBytes = () => 7;
        _session.UpstreamBytes = () => 9;
        _time.Advance(TimeSpan.FromSeconds(3));
        _session.TryEnd(SessionEnd.UpstreamClosed, "why");
        AuditEvent line = _session.EndEvent();
        Assert.That(line.End, Is.EqualTo(SessionEnd.UpstreamClosed));
        Assert.That(line.Detail, Is.EqualTo("why"));
        Assert.That(line.Duration, Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That((line.ClientBytes, line.UpstreamBytes), Is.EqualTo((7L, 9L)));
        Assert.That(line.Placeholder, Is.EqualTo("0123456789"));
        Assert.That(line.Source, Is.EqualTo("192.0.2.7:40000"));
    }

    [Test]
    public void Whether_it_is_over_tls_is_told_once_its_access_is_chosen()
    {
        _session.Application = "psql";
        Assert.That(_session.Event(AuditEventKind.SessionRefused).IsTls, Is.Null);

        TargetConfig target = SessionHouse.Config.Targets["orders"];
        _session.Access = new Access(target, target.Logins[0], SessionHouse.Config.Grants[0]);

        AuditEvent line = _session.Event(AuditEventKind.SessionAuthenticated);
        Assert.That((line.IsTls, line.Application), Is.EqualTo(((bool?)false, "psql")));
    }
}
