using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>What names are taken for is what they take in memory: by that alone a session, and all of them, have an end.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[NonParallelizable]
internal sealed class NameWeightTests
{
    private readonly Conversation _conversation = new JudgedRelays(MemoryConnection.CreatePair().Gateway, new CountingAudit(), 1000).Conversation;

    [TestCase("select {0}")]
    [TestCase("select a{0} from b where c = $1")]
    [TestCase("insert into t{0} values (1, 2)")]
    [TestCase("select 1")]
    [TestCase("select a, b, c, d from t{0} join u on t.a = u.b where t.c > 5 and u.d in (select e from v)")]
    public void Of_PREPARE(string sql) => AssertWeighed(i =>
    {
        Send(string.Concat(Enumerable.Range(0, 150).Select(j => $"prepare p{i}_{j} as {Format(sql, (i * 150) + j)};")));
    }, 20);

    [TestCase("select 1", 0)]
    [TestCase("select {0}", 0)]
    [TestCase("select {0}", 100)]
    [TestCase("select {0}", 1000)]
    [TestCase("delete from held where a = {0}", 100)]
    public void Of_portals_with_their_values(string sql, int values) => AssertWeighed(i =>
    {
        JudgedText text = Text(Format(sql, i));
        byte[] name = Encoding.ASCII.GetBytes($"name_{i}");
        Assert.That(_conversation.TryDefineStatement(name, text, out NameSlot? statement));
        Assert.That(_conversation.TryDefinePortal(name, text, out NameSlot? portal));
        portal!.KeepParameters(new byte[values]);
        statement!.Confirm();
        portal.Confirm();
    }, 3000);

    [TestCase(0)]
    [TestCase(100)]
    public void Of_what_people_are_shown(int values) => AssertWeighed(i =>
    {
        JudgedText text = Text("delete from held");
        byte[] name = Encoding.ASCII.GetBytes($"name_{i}");
        Assert.That(_conversation.TryDefineStatement(name, text.With(new HeldBytes("delete from held"u8.ToArray(), new byte[2], [])), out NameSlot? statement));
        Assert.That(_conversation.TryDefinePortal(name, text.With(new HeldBytes("delete from held"u8.ToArray(), new byte[2], new byte[values])), out NameSlot? portal));
        statement!.Confirm();
        portal!.Confirm();
    }, 3000);

    private static string Format(string sql, int number) => string.Format(CultureInfo.InvariantCulture, sql, number);

    private void AssertWeighed(Action<int> define, int times)
    {
        define(times);
        HeldInProcess process = _conversation.Judge.Held;
        long held = process.Held, before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < times; i++)
        {
            define(i);
        }

        long taken = GC.GetTotalMemory(forceFullCollection: true) - before, weighed = process.Held - held;
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{taken:N0} bytes are taken, {weighed:N0} weighed: {(double)taken / weighed:F2}"));
        GC.KeepAlive(_conversation);
        Assert.That(taken, Is.InRange(weighed / 4, weighed));
    }

    private void Send(string sql)
    {
        OperationRun run = _conversation.OnSent(Text(sql))!;
        _conversation.NextGroup();
        for (int i = 0; i < run.Text.Parsed.Statements.Length; i++)
        {
            _conversation.OnCompleted(run);
        }

        run.End();
    }

    // By a cache of its own: what that keeps does not count.
    private static JudgedText Text(string sql) => new(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)), "0123456789abcdef"u8.ToArray()) { IsWritten = true };
}
