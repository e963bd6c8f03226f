using System.Collections.Concurrent;
using NUnit.Framework;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Testing.Time;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Holding;

/// <summary>What is done with bodies beside the loops is so in turns, whoever has how much of it.</summary>
internal sealed class BodyTurnsTests
{
    private static readonly Identity Bob = Alice with { Subject = "bob" };

    [Test]
    public async Task Identities_take_turns_however_many_wait_of_one()
    {
        var turns = new BodyTurns(1);
        var taken = new ConcurrentQueue<string>();
        using var first = new ManualResetEventSlim();
        Task<bool> Take(Identity identity, string name) => turns.TakeAsync(identity, () => Note(taken, name));
        Task<bool> begun = turns.TakeAsync(Alice, () => Wait(first));

        Task<bool>[] all = [begun, Take(Alice, "a1"), Take(Alice, "a2"), Take(Alice, "a3"), Take(Bob, "b1"), Take(Bob, "b2")];
        first.Set();
        await Task.WhenAll(all);

        Assert.That(taken, Is.EqualTo(new[] { "b1", "a1", "b2", "a2", "a3" }));
        Assert.That(turns.Waiting, Is.Zero);
    }

    [Test]
    public async Task One_identity_has_one_turn_at_a_time_and_another_has_its_own()
    {
        var turns = new BodyTurns(4);
        var taken = new ConcurrentQueue<string>();
        using var first = new ManualResetEventSlim();
        Task<bool> begun = turns.TakeAsync(Alice, () => Wait(first));
        Task<bool> second = turns.TakeAsync(Alice, () => Note(taken, "a"));

        await turns.TakeAsync(Bob, () => Note(taken, "b"));
        Assert.That((turns.Waiting, string.Join(',', taken)), Is.EqualTo((1, "b")));
        first.Set();
        await Task.WhenAll(begun, second);
        Assert.That(taken, Is.EqualTo(new[] { "b", "a" }));
    }

    [Test]
    public async Task What_fails_ends_its_turn()
    {
        var turns = new BodyTurns(1);

        Assert.ThrowsAsync<InvalidOperationException>(() => turns.TakeAsync<bool>(Alice, () => throw new InvalidOperationException()));
        Task<bool> next = turns.TakeAsync(Bob, () => true);
        await Until.TrueAsync(() => next.IsCompleted, "the turn after the one that failed");
        Assert.That(await next);
    }

    [Test]
    public async Task A_body_gives_way_after_each_piece_and_ends_when_its_client_is_gone()
    {
        var held = new HeldInProcess();
        using var first = new ManualResetEventSlim();
        Task<bool> begun = held.Turns.TakeAsync(Alice, () => Wait(first));
        bool isGone = false;
        using DecodedGuard guard = Guard(Coded("gzip"), new PoolLoop(), held, isGone: () => isGone)!;

        Task<ReadOnlyMemory<byte>?> taking = guard.TakeAsync(Compress("gzip", new byte[3 * 1024 * 1024])).AsTask();
        await Until.TrueAsync(() => held.Turns.Waiting == 1, "its first turn to be waited for");
        isGone = true;
        first.Set();
        await begun;

        Assert.That(await taking, Is.Null);
        Assert.That((guard.Problem, held.Turns.Waiting), Is.EqualTo((DecodedGuard.Left, 0)));
    }

    private static bool Note(ConcurrentQueue<string> taken, string name)
    {
        taken.Enqueue(name);
        return false;
    }

    private static bool Wait(ManualResetEventSlim gate)
    {
        gate.Wait();
        return false;
    }
}
