using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>Texts that are meant to break whoever reads them are unknown, and end nothing.</summary>
internal sealed class SqlParserTests
{
    // Left to right these grow in the tree by one level each; right to left the parser's own stack ends first.
    private static readonly (string Begin, string Repeated, string Middle, string End)[] Bombs =
    [
        ("select ", "(", "1", ")"), ("select 1", "+1", "", ""), ("select 1", "::int", "", ""), ("select a", " union select 1", "", ""),
        ("select 1 from a", " cross join a", "", ""), ("select ", "- ", "1", ""), ("select ", "not ", "true", ""), ("select ", "f(", "", ")"),
        ("select ", "case when 1 then ", "2", " end"), ("select array", "[", "1", "]"), ("select 1", " collate x", "", ""),
        ("select ", "a^", "1", ""), ("select 1 from ", "(select * from ", "a", ") x"),
    ];

    [TestCaseSource(nameof(Bombs))]
    public void Survives_any_depth((string Begin, string Repeated, string Middle, string End) bomb)
    {
        foreach (int depth in (int[])[10_000, 100_000, 1_000_000, Fitting(bomb)])
        {
            string sql = bomb.Begin + Repeat(bomb.Repeated, depth) + bomb.Middle + Repeat(bomb.End, depth);
            Assert.That(FactsText.Of(sql), Is.EqualTo("unknown: unknown"), $"{depth} of {bomb.Repeated}");
        }
    }

    // As a stack of an event loop may be.
    [Test]
    public void Needs_no_more_stack_than_a_small_thread_has()
    {
        const int SmallStack = 1024 * 1024;
        foreach ((string begin, string repeated, string middle, string end) in Bombs)
        {
            foreach (int length in (int[])[2_000, 8_000, 60_000])
            {
                int depth = length / (repeated.Length + end.Length);
                string sql = begin + Repeat(repeated, depth) + middle + Repeat(end, depth);
                string? facts = null;
                var thread = new Thread(() => facts = FactsText.Of(sql), SmallStack);
                thread.Start();
                thread.Join();
                Assert.That(facts, Is.Not.Null);
            }
        }
    }

    [Test]
    public void Long_lists_are_read()
    {
        Assert.That(FactsText.Of("select * from t where a in (" + Repeat("1,", 20_000) + "1)"), Is.EqualTo("select: read t"));
        Assert.That(FactsText.Of("insert into t values " + Repeat("(1),", 8_000) + "(1)"), Is.EqualTo("insert: write t"));
        Assert.That(FactsText.Of("select 1" + Repeat(" and a", 8_000)), Is.EqualTo("select: read"));
        Assert.That(SqlParser.Parse(Encoding.UTF8.GetBytes(Repeat("begin;", 9_000))).Statements, Has.Length.EqualTo(9_000));
    }

    [Test]
    public void A_concatenation_of_two_hundred_parts_is_read() =>
        Assert.That(FactsText.Of("select a" + Repeat(" || lower(b)", 200)), Is.EqualTo("select: read"));

    // Two thousand bytes of it kept a loop with all its sessions for half a minute.
    [Test]
    public void Nested_MERGEs_are_read_once_each()
    {
        const int Depth = 18;
        string sql = "select 1 as a";
        for (int i = 0; i < Depth; i++)
        {
            sql = $"with w as (merge into o using ({sql}) s on true when matched then do nothing) select 1 as a";
        }

        long begin = TimeProvider.System.GetTimestamp();
        FactsText.Of(sql);

        Assert.That(TimeProvider.System.GetElapsedTime(begin), Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    // SET (a, b) = (…) is repeated in the tree for each column, and so is what is nested in it.
    [Test]
    public void A_tree_out_of_proportion_is_not_made()
    {
        string nested = "1";
        for (int i = 0; i < 30; i++)
        {
            nested = $"(with x as (update t set (a,b,c,d)/**/ =(select {nested}, 2, 3, 4) returning 1) select * from x)";
        }

        Assert.That(FactsText.Of("select " + nested), Is.EqualTo("unknown: unknown"));
        Assert.That(
            FactsText.Of("update t set (" + Repeat("a,", 15_000) + "a) = (select " + Repeat("1,", 10_000) + "1)"), Is.EqualTo("unknown: unknown"));
        Assert.That(FactsText.Of("update t set (a, b) = (select 1, 2 from u) where lower(c) = 'x'"), Is.EqualTo("update: write t, read u"));
        Assert.That(
            FactsText.Of("insert into t values " + Repeat("(1, 2, 3), ", 500) + "(1, 2, 3) on conflict (a) do update set (b, c) = (excluded.b, (t.c + excluded.c) / 2)"),
            Is.EqualTo("insert: write t"), "an everyday upsert");
    }

    [TestCase(new byte[] { (byte)'s', 0xff })]
    [TestCase(new byte[] { 0 })]
    [TestCase(new byte[] { (byte)'-', (byte)'-', 0, (byte)'x' })]
    public void What_is_no_text_is_unknown(byte[] text) => Assert.That(SqlParser.Parse(text).Facts.Statements[0].Unknown, Is.EqualTo("not valid UTF-8"));

    [Test]
    public void What_is_longer_than_the_limit_is_unknown_without_being_parsed()
    {
        byte[] fits = Encoding.ASCII.GetBytes("select 1".PadRight(SqlParser.MostBytes));
        Assert.That(SqlParser.Parse(fits).Facts.Statements[0].Unknown, Is.Null);
        Assert.That(SqlParser.Parse([.. fits, (byte)' ']).Facts.Statements[0].Accesses, Is.EqualTo(new[] { new SqlAccess(SqlEffects.Unknown, null) }));
    }

    [Test]
    public void The_reason_cites_nothing_of_the_text() =>
        Assert.That(SqlParser.Parse("select * fro secret"u8).Facts.Statements[0].Unknown, Is.EqualTo("does not parse: syntax error"));

    [TestCase(500, false)]
    [TestCase(32_000, true)]
    public void Comments_that_begin_within_each_other_without_end_are_not_scanned(int comments, bool isRefused)
    {
        // Beyond 512 characters in a row; between them, there is a row for each.
        string text = isRefused ? Repeat("/*", comments) : Repeat("/* ", comments) + Repeat("*/ ", comments) + "select 1";
        Assert.That(SqlParser.Parse(Encoding.ASCII.GetBytes(text)).Facts.Statements[0].Unknown, isRefused ? Does.Contain("out of proportion") : Is.Null);
    }

    [Test]
    public void A_line_of_dashes_is_no_such_row() =>
        Assert.That(SqlParser.Parse(Encoding.ASCII.GetBytes($"{Repeat("-", 500)}\nselect 1 /*{Repeat("*", 300)}*/")).Facts.Statements[0].Unknown, Is.Null);

    [TestCase("select 1", true)]
    [TestCase("select '\\'", false)]
    [TestCase("select 'é'", false)]
    public void Says_whether_a_text_reads_alike_under_any_encoding(string sql, bool alike) =>
        Assert.That(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).ReadsAlikeEverywhere, Is.EqualTo(alike));

    [TestCase("select a from t where b = 'É'", NamesBeyondAscii.None, TestName = "A_value_is_no_name")]
    [TestCase("select a from été", NamesBeyondAscii.Plain)]
    [TestCase("select a from \"été\"", NamesBeyondAscii.Plain)]
    [TestCase("select U&\"\\00e9\"", NamesBeyondAscii.Plain, TestName = "A_name_that_is_escaped_is_one")]
    [TestCase("select a from Été", NamesBeyondAscii.LoweredOrCut)]
    [TestCase("select a as ǅ from t", NamesBeyondAscii.LoweredOrCut)]
    [TestCase("prepare \"É\" as select 1", NamesBeyondAscii.LoweredOrCut)]
    public void Tells_names_beyond_ascii(string sql, object names) =>
        Assert.That(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Names, Is.EqualTo(names));

    [TestCase(29, NamesBeyondAscii.Plain)]
    [TestCase(30, NamesBeyondAscii.LoweredOrCut)]
    [TestCase(40, NamesBeyondAscii.LoweredOrCut)]
    public void A_name_that_may_have_been_cut_is_told_from_one_that_was_not(int letters, object names) =>
        Assert.That(SqlParser.Parse(Encoding.UTF8.GetBytes($"select \"{new string('é', letters)}\"")).Names, Is.EqualTo(names));

    private static int Fitting((string Begin, string Repeated, string Middle, string End) bomb) =>
        (SqlParser.MostBytes - 30) / (bomb.Repeated.Length + bomb.End.Length);

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
