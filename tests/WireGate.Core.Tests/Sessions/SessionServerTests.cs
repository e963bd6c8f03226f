using System.IO.Pipelines;
using System.Net;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Tests.Transport;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Streams;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Sessions;

/// <summary>Whatever happens to a session: one end, one audit line, nothing left behind, and the others go on.</summary>
public class SessionServerTests
{
    private static readonly (Exception Thrown, SessionEnd End)[] Failures =
    [
        (new ProtocolException(Peer.Client, "bad"), SessionEnd.ClientBrokeProtocol),
        (new ProtocolException(Peer.Upstream, "bad"), SessionEnd.UpstreamBrokeProtocol),
        (new IOException("lost"), SessionEnd.ClientClosed),
        (new OperationCanceledException(), SessionEnd.ClientClosed),
        (new AuditFailedException("full"), SessionEnd.AuditFailed),
        (new InvalidOperationException("ours"), SessionEnd.InternalError),
    ];

    private static readonly IPAddress Elsewhere = IPAddress.Parse("192.0.2.7");

    private SessionHouse _house = null!;

    [SetUp]
    public void Create() => _house = new SessionHouse();

    [TestCaseSource(nameof(Failures))]
    public async Task Whatever_is_thrown_ends_the_session_once_and_is_audited_once((Exception Thrown, SessionEnd End) failure)
    {
        foreach (bool atOnce in new[] { true, false })
        {
            _house.Protocol = async _ =>
            {
                if (!atOnce)
                {
                    await Task.Yield();
                }

                throw failure.Thrown;
            };
            (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
            AuditEvent? line = await _house.ServeAsync(gateway);
            Assert.That(line?.End, Is.EqualTo(failure.End));
            Assert.That(line!.Kind, Is.EqualTo(AuditEventKind.SessionEnded));
            Assert.That(await Bytes.ReadToEndAsync(peer.Input), Is.Empty, "its client is told by the close");
        }
    }

    [Test]
    public async Task What_is_wrong_with_us_is_not_told_in_the_audit_log_but_by_its_type()
    {
        _house.Protocol = _ => throw new InvalidOperationException("a secret, for all we know");
        AuditEvent? line = await _house.ServeAsync(MemoryConnection.CreatePair().Gateway);
        Assert.That(line?.Detail, Is.EqualTo(nameof(InvalidOperationException)));
    }

    [Test]
    public async Task An_end_that_was_given_is_not_changed_by_what_is_thrown_afterwards()
    {
        _house.Protocol = session =>
        {
            session.TryEnd(SessionEnd.NotGranted, "no");
            throw new IOException("and gone");
        };
        Assert.That((await _house.ServeAsync(MemoryConnection.CreatePair().Gateway))?.End, Is.EqualTo(SessionEnd.NotGranted));
    }

    [Test]
    public async Task What_is_no_session_leaves_no_line()
    {
        _house.Protocol = session =>
        {
            session.TryEnd(SessionEnd.NoSession);
            return ValueTask.CompletedTask;
        };
        Assert.That(await _house.ServeAsync(MemoryConnection.CreatePair().Gateway), Is.Null);
    }

    [Test]
    public async Task A_session_that_fails_does_not_touch_the_others()
    {
        (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
        _house.Protocol = EchoAsync;
        _house.Server.Serve(gateway);
        _house.Protocol = _ => throw new InvalidOperationException("ours");
        for (int i = 0; i < 200; i++)
        {
            _house.Server.Serve(MemoryConnection.CreatePair().Gateway);
        }

        await Eventually.HoldsAsync(() => _house.Directory.Count == 1);
        await peer.Output.WriteAsync("still here"u8.ToArray());
        Assert.That(await Bytes.ReadAsync(peer.Input, 10), Is.EqualTo("still here"u8.ToArray()));
        await peer.DisposeAsync();
        await _house.GoneAsync();
        Assert.That(_house.Audited.Count(e => e.End == SessionEnd.InternalError), Is.EqualTo(200), "and each has left its place to the next");
    }

    [Test]
    public async Task An_upstream_that_cannot_be_closed_does_not_keep_the_client()
    {
        _house.Protocol = session =>
        {
            session.Upstream = new Unclosable();
            return ValueTask.CompletedTask;
        };
        (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
        Assert.That(await _house.ServeAsync(gateway), Is.Not.Null);
        Assert.That(await Bytes.ReadToEndAsync(peer.Input).WaitAsync(TimeSpan.FromSeconds(10)), Is.Empty);
    }

    [Test]
    public async Task A_log_that_cannot_be_written_keeps_no_session()
    {
        _house.AuditBroken = true;
        Assert.That(await _house.ServeAsync(MemoryConnection.CreatePair().Gateway), Is.Null);
        Assert.That(_house.Directory.Count, Is.Zero);
    }

    [Test]
    public async Task A_silent_client_is_cut_off_when_the_deadline_passes()
    {
        _house.Protocol = EchoAsync;
        (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
        _house.Server.Serve(gateway);
        for (int i = 0; i < 9; i++)
        {
            // Absolute: talking buys no time.
            _house.Time.Advance(TimeSpan.FromSeconds(1));
            await peer.Output.WriteAsync("x"u8.ToArray());
            await Bytes.ReadAsync(peer.Input, 1);
        }

        Assert.That(_house.Directory.Count, Is.EqualTo(1));
        _house.Time.Advance(TimeSpan.FromSeconds(1));
        await _house.GoneAsync();
        Assert.That(_house.Audited.Single().End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_kill_reaches_a_session_in_its_handshake_and_one_that_relays(bool relaying)
    {
        _house.Protocol = session =>
        {
            if (relaying)
            {
                session.HandshakeDone();
            }

            return EchoAsync(session);
        };
        _house.Server.Serve(MemoryConnection.CreatePair().Gateway);
        SessionInfo only = _house.Directory.List().Single();
        Assert.That(only.Phase, Is.EqualTo(relaying ? SessionPhase.Relaying : SessionPhase.Handshake));
        Assert.That(_house.Directory.Kill(new SessionFilter { Id = only.Id }, SessionEnd.Revoked), Is.EqualTo(1));
        await _house.GoneAsync();
        Assert.That(_house.Audited.Single().End, Is.EqualTo(SessionEnd.Revoked));
        Assert.That(_house.Directory.Kill(new SessionFilter { Id = only.Id }, SessionEnd.Revoked), Is.Zero);
    }

    [Test]
    public async Task Revoking_a_placeholder_ends_its_sessions_and_no_others()
    {
        string id = "0123456789";
        _house.Protocol = session =>
        {
            session.Caller = Caller.Of(SessionHouse.Placeholder() with { Id = id });
            return EchoAsync(session);
        };
        _house.Server.Serve(MemoryConnection.CreatePair().Gateway);
        id = "9876543210";
        _house.Server.Serve(MemoryConnection.CreatePair().Gateway);
        Assert.That(_house.Directory.KillPlaceholders(["0123456789"]), Is.EqualTo(1));
        await Eventually.HoldsAsync(() => _house.Directory.Count == 1);
        Assert.That(_house.Directory.List().Single().Placeholder, Is.EqualTo(id));
        Assert.That(_house.Directory.Kill(new SessionFilter(), SessionEnd.Revoked), Is.Zero, "an empty filter names nobody");
        _house.Directory.KillAll(SessionEnd.Shutdown);
        await _house.GoneAsync();
    }

    [Test]
    public async Task A_stop_has_each_session_finish_and_ends_those_that_have_nothing_to()
    {
        int begun = 0;
        _house.Protocol = session =>
        {
            if (begun++ < 2)
            {
                session.Drain = () => session.SetDeadline(TimeSpan.FromSeconds(3), SessionEnd.Shutdown);
            }

            return EchoAsync(session);
        };
        StreamConnection[] peers = [.. Enumerable.Range(0, 3).Select(_ => Serve())];
        Assert.That(_house.Directory.DrainAll(), Is.EqualTo(3));
        Assert.That(await Bytes.ReadToEndAsync(peers[2].Input), Is.Empty);
        await Eventually.HoldsAsync(() => _house.Directory.Count == 2 && _house.Time.Waiting >= 2);
        await peers[0].Output.WriteAsync("still served"u8.ToArray());
        Assert.That((await peers[0].Input.ReadAtLeastAsync(12)).Buffer.Length, Is.EqualTo(12));
        _house.Time.Advance(TimeSpan.FromSeconds(3));
        await _house.GoneAsync();
        Assert.That(_house.Audited.Select(e => e.End), Is.EqualTo(Enumerable.Repeat(SessionEnd.Shutdown, 3)));
    }

    [Test]
    public async Task What_is_not_finished_in_time_is_killed()
    {
        _house.Protocol = session =>
        {
            session.Drain = () => { };
            return EchoAsync(session);
        };
        StreamConnection peer = Serve();
        _house.Directory.DrainAll();
        Assert.That(_house.Directory.KillAll(SessionEnd.Shutdown), Is.EqualTo(1));
        Assert.That(await Bytes.ReadToEndAsync(peer.Input), Is.Empty);
        await _house.GoneAsync();
        Assert.That(_house.Audited.Single().End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task Who_begins_when_the_others_were_told_is_told_as_well()
    {
        var told = new TaskCompletionSource();
        _house.Protocol = session =>
        {
            session.Drain = told.SetResult;
            return EchoAsync(session);
        };
        _house.Directory.DrainAll();
        StreamConnection peer = Serve();
        Assert.That(async () => await told.Task.WaitAsync(TimeSpan.FromSeconds(30)), Throws.Nothing);
        await peer.DisposeAsync();
        await _house.GoneAsync();
    }

    [Test]
    public async Task What_follows_a_session_on_its_connection_is_told_in_its_place()
    {
        int told = 0;
        _house.Protocol = session =>
        {
            session.Drain = () => Interlocked.Increment(ref told);
            return EchoAsync(session.Succeed!()!);
        };
        StreamConnection peer = Serve();
        await Eventually.HoldsAsync(() => _house.Audited.Count == 1);
        _house.Directory.DrainAll();
        await Eventually.HoldsAsync(() => Volatile.Read(ref told) == 1);
        await peer.DisposeAsync();
        await _house.GoneAsync();
        Assert.That(told, Is.EqualTo(1), "once, and not for the one before as well");
    }

    [Test]
    public async Task Whoever_is_turned_away_gets_no_byte_and_is_counted_in_the_log()
    {
        var house = new SessionHouse(SessionHouse.Config with { Limits = new LimitsConfig { UnprovenPerSource = 0 } });
        for (int i = 0; i < 3; i++)
        {
            (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair(new IPEndPoint(Elsewhere, 1));
            house.Server.Serve(gateway);
            Assert.That(await Bytes.ReadToEndAsync(peer.Input), Is.Empty);
        }

        house.Server.TurnAway(new IPEndPoint(Elsewhere, 2));
        Assert.That(house.Audited, Is.Empty);
        house.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(house.Audited.Select(e => e.Detail), Is.EquivalentTo(new[]
        {
            "3 connections turned away: too many connections from this source that have proven nothing yet",
            "1 connections turned away: descriptors run short (LimitNOFILE)",
        }));
        Assert.That(house.Audited.Select(e => (e.Kind, e.Source)), Is.All.EqualTo((AuditEventKind.SessionRefused, "192.0.2.7")));
        house.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(house.Audited, Has.Count.EqualTo(2), "each is counted once");
    }

    private StreamConnection Serve()
    {
        (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
        _house.Server.Serve(gateway);
        return peer;
    }

    private static async ValueTask EchoAsync(Session session)
    {
        while (true)
        {
            ReadResult result = await session.Client.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                await session.Client.Output.WriteAsync(segment);
            }

            session.Client.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private sealed class Unclosable : Connection
    {
        public override EventLoop Loop { get; } = new PoolLoop();

        public override PipeReader Input => PipeReader.Create(Stream.Null);

        public override PipeWriter Output => PipeWriter.Create(Stream.Null);

        public override EndPoint? Remote => null;

        public override bool IsCut => true;

        public override ValueTask FinishAsync() => ValueTask.CompletedTask;

        public override void Abort()
        {
        }

        public override ValueTask DisposeAsync() => throw new InvalidOperationException("will not");
    }
}
