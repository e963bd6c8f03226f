using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What passes between a client and an upstream when a mask holds, message by message.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class MaskedSessionTests(TransportKind transport) : MaskedFixture(transport)
{
    [Test]
    public async Task A_row_passes_masked()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select ssn from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Description(People, 2), .. Row("123-45-6789"), .. Row([null]), .. Done("SELECT 2"), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Contain("****6789").And.Not.Contain("123-45"));
    }

    [Test]
    public async Task A_query_behind_an_execute_without_a_sync_is_masked_by_its_own_plans()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])
        [
            .. ScriptedClient.Message('P', [.. Text(""), .. Text("select 1"), .. Int16(0)]),
            .. ScriptedClient.Message('B', [.. Text(""), .. Text(""), .. Int16(0), .. Int16(0), .. Int16(0)]),
            .. ScriptedClient.Message('E', [.. Text(""), .. ScriptedClient.Int32(0)]),
            .. ScriptedClient.Message('Q', Text("select ssn || '' from hr.people; select 1")),
        ]);
        await TellCatalogAsync();
        foreach (char message in "PBDEQ")
        {
            await upstream.ExpectAsync(message);
        }

        await upstream.SendAsync((byte[])
        [
            .. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Description(0, 0), .. Row("1"), .. Done("SELECT 1"),
            .. Description(0, 0), .. Row("123-45-6789"), .. Done("SELECT 1"), .. Description(0, 0), .. Row("1"), .. Done("SELECT 1"), .. Ready,
        ]);

        Assert.That(await ReadAsync(client), Does.Contain("[redacted]").And.Not.Contain("123-45"));
    }

    [TestCase(1_000)]
    [TestCase(100_000)]
    public async Task A_row_of_any_length_passes_masked_in_its_place(int length)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select ssn from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        string value = new('x', length);
        await upstream.SendAsync((byte[])[.. Description(People, 2), .. Row("123-45-6789"), .. Row($"{value}-4321"), .. Row("123-45-1111"), .. Done("SELECT 3"), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Match("^T.*6789.*4321.*1111.*C\\(SELECT 3").And.Not.Contain("x-4321"));
    }

    [TestCase("select reverse(ssn) from hr.people")]
    [TestCase("select left(ssn, 7) from hr.people")]
    public async Task What_is_made_of_a_hidden_value_shows_no_part_of_it(string sql)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text(sql)));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Description(0, 0), .. Row("1234-321"), .. Done("SELECT 1"), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Contain("[redacted]").And.Not.Contain("-321"));
    }

    [Test]
    public async Task Of_a_value_that_is_made_of_a_masked_one_nothing_is_shown()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select substr(ssn, 1, 8) from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Description(0, 0), .. Row("123-45-6"), .. Done("SELECT 1"), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Contain("[redacted]").And.Not.Contain("-6"));
    }

    [Test]
    public async Task An_Execute_without_a_Describe_gets_one_that_the_client_does_not_see()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])
        [
            .. ScriptedClient.Message('P', [.. Text("s"), .. Text("select ssn from hr.people"), .. Int16(0)]),
            .. ScriptedClient.Message('B', [.. Text("p"), .. Text("s"), .. Int16(0), .. Int16(0), .. Int16(0)]), .. Extended("p"),
        ]);
        await TellCatalogAsync();
        foreach (char type in "PBDES")
        {
            PeerMessage sent = await upstream.ExpectAsync(type);
            Assert.That(type != 'D' || sent.Text == "Pp\0");
        }

        await upstream.SendAsync((byte[])
        [
            .. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Description(People, 2), .. Row("123-45-6789"),
            .. ScriptedClient.Message('s'), .. Ready,
        ]);
        string seen = await ReadAsync(client);
        Assert.That(seen, Does.StartWith("1()2()D(").And.Contain("****6789").And.Not.Contain("T(").And.Not.Contain("123-45"));
    }

    [Test]
    public async Task A_row_without_a_description_is_cut_off_with_42501()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select ssn from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Row("123-45-6789"), .. Row("123-45-6789"), .. Done("SELECT 2"), .. Ready]);

        string seen = await ReadAsync(client);
        Assert.That(seen, Does.Contain("C42501").And.Not.Contain("123-45").And.Not.Contain("SELECT 2"));
    }

    [Test]
    public async Task Errors_and_notices_pass_without_the_values_in_them()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select ssn::int from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])
        [
            .. ScriptedClient.Message('N', Encoding.UTF8.GetBytes("SNOTICE\0VNOTICE\0C00000\0M123-45-6789\0\0")),
            .. ScriptedClient.Message('S', Encoding.UTF8.GetBytes("application_name\0123-45-6789\0")),
            .. ScriptedClient.Message('E', Encoding.UTF8.GetBytes("SERROR\0VERROR\0C22P02\0Minvalid: \"123-45-6789\"\0D123-45-6789\0W123-45-6789\0P8\0\0")),
            .. Ready,
        ]);

        string seen = await ReadAsync(client);
        Assert.That(seen, Does.Contain("C22P02").And.Not.Contain("P8").And.Not.Contain("123-45"));
    }

    [Test]
    public async Task What_a_detector_finds_is_in_no_report_and_no_error()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(null, MaskDetector.CreditCard);
        await client.SendAsync(ScriptedClient.Message('Q', Text("select 1")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])
        [
            .. Done("SELECT 0"),
            .. ScriptedClient.Message('S', Encoding.UTF8.GetBytes("application_name\0card 4111 1111 1111 1111\0")),
            .. ScriptedClient.Message('S', Encoding.UTF8.GetBytes("TimeZone\0UTC\0")),
            .. ScriptedClient.Message('E', Encoding.UTF8.GetBytes("SERROR\0VERROR\0C42703\0Mcolumn \"4111 1111 1111 1111\" does not exist\0P8\0\0")),
            .. Ready,
        ]);

        Assert.That(await ReadAsync(client), Does.Contain("UTC").And.Contain("C42703").And.Not.Contain("1111"));
    }

    [TestCase("create table a (b int)")]
    [TestCase("begin", "create table a (b int)", "commit")]
    public async Task What_another_login_of_the_database_defines_is_read_before_the_next_text(params string[] texts)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(WithOther);
        await ReadOneAsync(client, upstream, TellCatalogAsync);
        (ScriptedClient definer, UpstreamPeer defined) = await EstablishAsync(await PresentAsync("other"));
        for (int i = 0; i < texts.Length; i++)
        {
            await definer.SendAsync(ScriptedClient.Message('Q', Text(texts[i])));
            await defined.ExpectAsync('Q');
            // Somebody asks while it is not done yet: what it reads may be done by the time at which it reads it.
            bool isDefined = texts[i].StartsWith("create", StringComparison.Ordinal) || texts[..i].Any(t => t.StartsWith("create", StringComparison.Ordinal));
            if (texts[i].StartsWith("create", StringComparison.Ordinal))
            {
                await ReadOneAsync(client, upstream, TellCatalogAsync, TellCatalogAsync);
            }

            await defined.SendAsync((byte[])[.. Done("DONE"), .. ScriptedClient.Message('Z', (byte)(i < texts.Length - 1 ? 'T' : 'I'))]);
            await definer.ExpectAsync('C');
            await definer.ExpectAsync('Z');
            await ReadOneAsync(client, upstream, isDefined ? TellCatalogAsync : null);
        }
    }

    [Test]
    public async Task What_is_sent_before_another_is_answered_changes_something_until_it_is_answered_too()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(WithOther);
        (ScriptedClient definer, UpstreamPeer defined) = await EstablishAsync(await PresentAsync("other"));
        await definer.SendAsync((byte[])[.. ScriptedClient.Message('Q', Text("create table a (b int)")), .. ScriptedClient.Message('Q', Text("create table c (d int)"))]);
        await defined.ExpectAsync('Q');
        await defined.ExpectAsync('Q');
        for (int i = 0; i < 2; i++)
        {
            // While the second runs what was read before a statement may not be what the statement meets.
            await ReadOneAsync(client, upstream, TellCatalogAsync, TellCatalogAsync);
            await defined.SendAsync((byte[])[.. Done("DONE"), .. ScriptedClient.Message('Z', (byte)'I')]);
            await definer.ExpectAsync('C');
            await definer.ExpectAsync('Z');
        }

        await ReadOneAsync(client, upstream, TellCatalogAsync);
        await ReadOneAsync(client, upstream, null);
    }

    [Test]
    public async Task Without_the_catalog_nothing_passes()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("select 1")));
        UpstreamPeer catalog = await AcceptAsync();
        await catalog.ReadStartupAsync();
        await catalog.RefuseAsync("53300", "too many");
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. ScriptedClient.Message('E', Encoding.UTF8.GetBytes("SERROR\0VERROR\0C42601\0Msyntax\0\0")), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Contain("C42501").And.Contain("catalog"));
        Assert.That(Gateway.Records(AuditEventKind.SessionEnded), Is.Empty, "the session lives on");
    }

    [Test]
    public async Task A_function_called_by_its_number_is_refused()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('F', [.. ScriptedClient.Int32(1), .. Int16(0), .. Int16(0), .. Int16(0)]));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. ScriptedClient.Message('E', Encoding.UTF8.GetBytes("SERROR\0VERROR\0C42601\0Msyntax\0\0")), .. Ready]);

        Assert.That(await ReadAsync(client), Does.Contain("C42501"));
    }
}
