using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Transport;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Transport;

/// <summary>A resolver that says nothing keeps those waiting who ask for its names, and nobody else.</summary>
internal sealed class NameLookupsTests
{
    private static readonly IPAddress[] Found = [IPAddress.Parse("192.0.2.7")];

    private readonly ConcurrentDictionary<string, ManualResetEventSlim> _silent = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Host, Thread Thread)> _lookedUp = [];

    [TearDown]
    public void LetThemEnd()
    {
        foreach (ManualResetEventSlim gate in _silent.Values)
        {
            gate.Set();
        }

        _silent.Clear();
        _lookedUp.Clear();
    }

    [Test]
    public async Task A_name_is_looked_up_once_for_all_who_ask_meanwhile_and_again_for_who_asks_after()
    {
        NameLookups lookups = Lookups();
        ManualResetEventSlim gate = Silence("a.test");
        Task<IPAddress[]> first = lookups.AskAsync("a.test"), second = lookups.AskAsync("A.TEST");
        gate.Set();

        Assert.That(await first, Is.EqualTo(Found));
        Assert.That(await second, Is.EqualTo(Found));
        Assert.That(_lookedUp, Has.Count.EqualTo(1));
        await lookups.AskAsync("a.test");
        Assert.That(_lookedUp, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Names_that_nobody_answers_for_leave_the_others_alone()
    {
        NameLookups lookups = Lookups(most: 4);
        Task[] silent = [.. new[] { "a.test", "b.test", "c.test" }.Select(host => AskSilent(lookups, host))];

        for (int i = 0; i < 10; i++)
        {
            Assert.That(await lookups.AskAsync("d.test"), Is.EqualTo(Found));
        }

        Assert.That(silent.Any(t => t.IsCompleted), Is.False);
    }

    [Test]
    public async Task More_names_than_threads_wait_for_one()
    {
        NameLookups lookups = Lookups(most: 2, linger: TimeSpan.FromMinutes(5));
        Task first = AskSilent(lookups, "a.test");
        _ = AskSilent(lookups, "b.test");
        Task third = lookups.AskAsync("c.test"), fourth = lookups.AskAsync("d.test");
        await Until.TrueAsync(() => _lookedUp.Count == 2, "two to be looked up");
        Assert.That(lookups.Threads, Is.EqualTo(2));

        _silent["a.test"].Set();
        await Task.WhenAll(first, third, fourth);
        Assert.That(lookups.Threads, Is.EqualTo(2));
    }

    [Test]
    public async Task No_thread_of_the_pool_is_held_and_one_of_its_own_serves_one_after_another()
    {
        NameLookups lookups = Lookups(linger: TimeSpan.FromMinutes(5));
        for (int i = 0; i < 10; i++)
        {
            await lookups.AskAsync("a.test");
            await Until.TrueAsync(() => (_lookedUp.Last().Thread.ThreadState & ThreadState.WaitSleepJoin) != 0, "its thread to wait for the next");
        }

        Assert.That(_lookedUp.Select(l => l.Thread).Distinct(), Has.Exactly(1).Items);
        Assert.That(_lookedUp.First().Thread.IsThreadPoolThread, Is.False);
        Assert.That(_lookedUp.First().Thread.IsBackground);
    }

    [Test]
    public async Task A_thread_without_work_ends()
    {
        NameLookups lookups = Lookups();

        await lookups.AskAsync("a.test");
        await Until.TrueAsync(() => lookups.Threads == 0, "its thread to end");
        Assert.That(await lookups.AskAsync("b.test"), Is.EqualTo(Found));
    }

    [Test]
    public async Task What_fails_does_so_for_all_who_asked_and_is_asked_again()
    {
        bool fails = true;
        var lookups = new NameLookups(_ => fails ? throw new SocketException((int)SocketError.TryAgain) : Found, 1, TimeSpan.Zero);

        Assert.ThrowsAsync<SocketException>(() => lookups.AskAsync("a.test"));
        fails = false;
        Assert.That(await lookups.AskAsync("a.test"), Is.EqualTo(Found));
    }

    [Test]
    public async Task None_is_lost_when_many_ask_for_many()
    {
        var lookups = new NameLookups(_ => Found, 3, TimeSpan.Zero);

        await Parallel.ForAsync(0, 2_000, async (i, _) => Assert.That(await lookups.AskAsync($"{i % 50}.test"), Is.EqualTo(Found)));
        Assert.That(lookups.Threads, Is.LessThanOrEqualTo(3));
    }

    private NameLookups Lookups(int most = 8, TimeSpan linger = default) => new(LookUp, most, linger);

    private ManualResetEventSlim Silence(string host) => _silent.GetOrAdd(host, _ => new ManualResetEventSlim());

    private Task<IPAddress[]> AskSilent(NameLookups lookups, string host)
    {
        Silence(host);
        return lookups.AskAsync(host);
    }

    private IPAddress[] LookUp(string host)
    {
        _lookedUp.Enqueue((host, Thread.CurrentThread));
        if (_silent.TryGetValue(host, out ManualResetEventSlim? gate))
        {
            gate.Wait();
        }

        return Found;
    }
}
