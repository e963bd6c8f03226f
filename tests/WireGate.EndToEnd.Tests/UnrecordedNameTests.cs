using System.Text;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>A name that is given again means what it was given last, also where that could not be written down.</summary>
internal sealed class UnrecordedNameTests : HoldFixture
{
    private const string Secret = "123-45-6789";

    protected override string MoreRules => """
            - { name: hide, match: { sql: { tables: [public.hidden] } }, mask: [pii] }
        masks:
          pii: { columns: [public.hidden.ssn], with: redact }

        """;

    [OneTimeSetUp]
    public async Task MakeAsync() => await Cluster.AskAsync(
        $"""
        SET ROLE {PostgresCluster.AppUser};
        CREATE TABLE public.hidden (id int, ssn text);
        INSERT INTO public.hidden VALUES (1, '{Secret}');
        CREATE TABLE public.named (name text);
        """,
        "held");

    [Test]
    public async Task A_cursor_that_is_declared_again_is_masked_in_a_session_that_holds_all_it_can()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("BEGIN");
        Assert.That(await session.AskAsync("DECLARE c CURSOR FOR SELECT upper(id::text) FROM hidden"), Is.EqualTo("C(DECLARE CURSOR) ZT"));
        await session.AskAsync("ROLLBACK");
        await FillNamesAsync(session);

        await session.AskAsync("BEGIN");
        await session.AskAsync("DECLARE c CURSOR FOR SELECT upper(ssn) FROM hidden");

        Assert.That(await session.AskAsync("FETCH ALL FROM c"), Does.Not.Contain(Secret));
    }

    [Test]
    public async Task A_statement_is_not_prepared_again_in_a_session_that_holds_all_it_can()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("PREPARE p AS SELECT 1");
        await FillNamesAsync(session);

        string answers = await session.AskAsync(2, Query("DEALLOCATE p; PREPARE p AS INSERT INTO public.held VALUES (7)"), Query("EXECUTE p"));

        Assert.That(answers, Does.StartWith("E54000").And.EndsWith("T D(1) C(SELECT 1) ZI"), "it is what it was");
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [Test]
    public async Task A_value_is_shown_as_the_upstream_reads_it()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint, ("client_encoding", "LATIN1"));

        // In UTF-8 it would be one letter; in LATIN1 it is two.
        await session.SendAsync(Parse("INSERT INTO public.held SELECT length($1)"), BindOf("\u00e9"), Execute(), Sync);
        string shown = (await ShowAsync(await PendingAsync([]))).ToString();

        Assert.That(shown, Does.Not.Contain("\\u00E9").IgnoreCase.And.Not.Contain("\u00e9"), "the upstream reads two letters, \u00c3 and \u00a9");
    }

    [Test]
    public async Task Names_that_stand_for_nothing_any_more_take_no_place()
    {
        const int more = 10_050;
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.SendAsync([.. Enumerable.Range(0, more).SelectMany(i => (byte[][])[Parse("SELECT * FROM nowhere", $"f{i}"), Sync])]);
        await session.ReadAsync(more);
        await session.SendAsync([.. Enumerable.Range(0, more).Select(i => Query($"BEGIN; DECLARE c{i} CURSOR FOR SELECT 1; COMMIT"))]);
        await session.ReadAsync(more);

        Assert.That(await session.AskAsync(1, Parse("SELECT 7", "s"), Bind("s"), Execute(), Sync), Is.EqualTo("1 2 D(7) C(SELECT 1) ZI"));
        await session.AskAsync("BEGIN; DECLARE z CURSOR FOR SELECT 7");
        Assert.That(await session.AskAsync("FETCH ALL FROM z"), Is.EqualTo("T D(7) C(FETCH 1) ZT"));
    }

    [Test]
    public async Task A_cursor_that_outlives_its_transaction_is_followed()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("BEGIN; DECLARE z CURSOR WITH HOLD FOR SELECT 7; COMMIT");

        Assert.That(await session.AskAsync("FETCH ALL FROM z"), Is.EqualTo("T D(7) C(FETCH 1) ZI"));
    }

    private static byte[] BindOf(string value) => Message('B', $"\0\0\0\0\0\u0001\0\0\0{(char)Encoding.UTF8.GetByteCount(value)}{value}\0\0");

    // Until no more is prepared: first by what weighs much, then by what weighs little.
    private static async Task FillNamesAsync(RawSession session)
    {
        foreach (int columns in (int[])[1500, 100, 1])
        {
            string of = string.Join(',', Enumerable.Range(0, columns).Select(i => $"abs({i})"));
            for (int i = 0; !(await session.AskAsync(1, Parse($"SELECT {i},{of}", $"s{columns}_{i}"), Sync)).Contains("E54000", StringComparison.Ordinal); i++)
            {
                Assert.That(i, Is.LessThan(10_000), "there is an end to what a session holds");
            }
        }
    }
}
