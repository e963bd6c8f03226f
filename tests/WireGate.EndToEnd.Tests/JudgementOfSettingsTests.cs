using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What a session sets changes what the same text means, and so whether it may run.</summary>
internal sealed class JudgementOfSettingsTests : JudgementFixture
{
    [TestCase("set standard_conforming_strings = off")]
    [TestCase("select set_config('standard_conforming_strings', 'off', false)")]
    [TestCase("prepare s as select set_config('standard_conforming_strings', 'off', false); execute s")]
    public async Task A_backslash_behind_a_setting_that_changes_what_it_means_is_refused(string setting)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        // With the setting off this is two statements, and one string with it on.
        byte[] text = Query(@"select '\''; insert into t values (1); --'");

        string answers = await session.AskAsync(2, Query(setting), text);

        Assert.That(answers, Does.EndWith("E42501 ZI"), "sent at once");
        Assert.That(await session.AskAsync(1, text), Is.EqualTo("E42501 ZI"), "and when it is known");
        Assert.That(await CountAsync("t"), Is.Zero);
        await session.AskAsync("set standard_conforming_strings = on");
        Assert.That(await session.AskAsync(@"select '\'"), Is.EqualTo(@"T D(\) C(SELECT 1) ZI"));
    }

    [TestCase("SJIS")]
    [TestCase("BIG5")]
    [TestCase("GBK")]
    [TestCase("GB18030")]
    public async Task A_text_in_an_encoding_whose_characters_end_in_ASCII_is_refused(string encoding)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        // 0x5C is the second byte of a character there.
        byte[] text = ScriptedClient.Message('Q', [.. "select '"u8, 0x95, 0x5C, .. "'; drop table t; --'\0"u8]);

        Assert.That(await session.AskAsync($"set client_encoding = '{encoding}'"), Is.EqualTo("C(SET) ZI"));
        Assert.That(await session.AskAsync(1, text), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync("select 'ASCII is ASCII'"), Does.Contain("D(ASCII is ASCII)"));
    }

    [Test]
    public async Task An_encoding_asked_for_at_the_start_is_seen()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint, ("client_encoding", "SJIS"));

        Assert.That(await session.AskAsync("select 'ü'"), Is.EqualTo("E42501 ZI"));
    }

    private static async Task DeniedAsync(RawSession session, string after)
    {
        string answer = await session.AskAsync("select a from t");
        Assert.That(answer, Is.EqualTo("E42501 ZI"), after);
    }

    [TestCase("set search_path = evil")]
    [TestCase("set search_path = evil, public")]
    [TestCase("set schema 'evil'")]
    [TestCase("select set_config('search_path', 'evil', false)")]
    [TestCase("prepare s as select set_config('search_path', 'evil', false); set search_path = public; execute s")]
    public async Task A_name_is_looked_for_where_the_search_path_says(string setting)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        Assert.That(await session.AskAsync("select a from t"), Is.EqualTo("T C(SELECT 0) ZI"));
        await session.AskAsync(1, Parse("select a from t", "before"), Sync);

        Assert.That(await session.AskAsync(2, Query(setting), Query("select a from t")), Does.EndWith("E42501 ZI"), "sent at once");
        await DeniedAsync(session, "and later");
        Assert.That(await session.AskAsync(1, Bind("before"), Execute(), Sync), Is.EqualTo("E42501 ZI"), "prepared before");
        Assert.That(await session.AskAsync("set search_path = public"), Is.EqualTo("C(SET) ZI"));
        Assert.That(await session.AskAsync("select a from t"), Is.EqualTo("T C(SELECT 0) ZI"), "where it is known again");
    }

    [Test]
    public async Task A_search_path_that_an_error_took_back_does_not_count_as_set()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("set search_path = evil");

        Assert.That(await session.AskAsync("set search_path = public; select 1/0"), Is.EqualTo("C(SET) E22012 ZI"));
        await DeniedAsync(session, "simple");
        Assert.That(await session.AskAsync(1, Run("set search_path = public"), Run("select 1/0"), Sync), Is.EqualTo("1 2 C(SET) 1 E22012 ZI"));
        await DeniedAsync(session, "extended");
    }

    [Test]
    public async Task What_one_of_two_texts_sets_counts_if_which_of_them_runs_is_not_known()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(1, Parse("set search_path = public", "s"), Sync);

        await session.AskAsync(3, Close("s"), Sync, Parse("set search_path = evil", "s"), Sync, Bind("s"), Execute(), Sync);

        await DeniedAsync(session, "the second ran");
    }

    [Test]
    public async Task What_EXECUTE_sets_counts()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(1, Parse("set search_path = evil", "s"), Sync);

        await session.AskAsync("execute s");

        await DeniedAsync(session, "by SQL, prepared by the protocol");
    }
}
