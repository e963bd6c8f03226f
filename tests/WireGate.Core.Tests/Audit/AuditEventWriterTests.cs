using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditEventWriterTests : AuditFixture
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void Writes_plain_what_JSON_lets_stand_and_is_printable_ASCII() =>
        Assert.That(AuditEncoder.Plain, Is.EqualTo(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\')))));

    [TestCase("/a?x=1&y='2'+<3>`", "/a?x=1&y='2'+<3>`")]
    [TestCase("a\"b\\c", "a\\\"b\\\\c")]
    [TestCase("\t\n\0\u001b\u007f", "\\t\\n\\u0000\\u001B\\u007F")]
    [TestCase("\u0085\u009b\u2028\u2029", "\\u0085\\u009B\\u2028\\u2029")]
    [TestCase("\u202e\u2066\u200f\ufeff", "\\u202E\\u2066\\u200F\\uFEFF")]
    [TestCase("\u00e9\u4e2d\ud83d\ude00", "\\u00E9\\u4E2D\\uD83D\\uDE00")]
    public void Writes_a_text_the_same_way_in_events_and_in_operations(string text, string written)
    {
        Assert.That(Write(new AuditEvent(AuditEventKind.SessionOpened) { Detail = text }), Does.EndWith($",\"detail\":\"{written}\"}}"));
        var output = new ArrayBufferWriter<byte>();
        AuditText.WriteMember(output, "detail"u8, text);
        AuditText.WriteMember(output, "detail"u8, Encoding.UTF8.GetBytes(text));
        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo($",\"detail\":\"{written}\",\"detail\":\"{written}\""));
    }

    [Test]
    public async Task The_log_itself_is_written_so()
    {
        await using AuditLog log = Open();
        log.Append(new AuditEvent(AuditEventKind.SessionOpened) { Detail = "a&b+'<>" });

        Assert.That(Encoding.UTF8.GetString(AuditReader.Read(Directory).First().Payload.Span), Does.Contain("\"detail\":\"a&b+'<>\""));
    }

    [Test]
    public void Writes_all_members_under_their_names()
    {
        var auditEvent = new AuditEvent(AuditEventKind.SessionEnded)
        {
            Session = "s",
            Listener = "pg",
            Source = "10.0.0.1:5",
            Identity = new Identity { Issuer = "corp", Subject = "alice", Groups = ["dba", "sre"], Claims = new Dictionary<string, string> { ["team"] = "payments" }.ToFrozenDictionary() },
            Placeholder = "p",
            Method = "password",
            Target = "orders",
            Login = "ro",
            Grant = "g",
            Database = "d",
            Application = "psql",
            IsTls = false,
            Config = "c",
            End = SessionEnd.ClientBrokeProtocol,
            Reference = "R1",
            Detail = "why",
            Actor = new Identity { Issuer = "unix", Subject = "root" },
            ClientBytes = 1,
            UpstreamBytes = long.MaxValue,
            Duration = TimeSpan.FromSeconds(1.5),
        };

        const string Expected = """
            {"time":"2030-01-02T12:00:00Z","event":"session-ended","session":"s","listener":"pg","source":"10.0.0.1:5",
            "identity":{"issuer":"corp","subject":"alice","groups":["dba","sre"],"claims":{"team":"payments"}},"placeholder":"p","method":"password",
            "target":"orders","login":"ro","grant":"g","database":"d","application":"psql","tls":false,"config":"c","end":"client-broke-protocol","ref":"R1","detail":"why",
            "actor":{"issuer":"unix","subject":"root"},"clientBytes":1,"upstreamBytes":9223372036854775807,"durationMs":1500}
            """;
        Assert.That(Write(auditEvent), Is.EqualTo(Expected.Replace("\n", "", StringComparison.Ordinal)));
    }

    [Test]
    public void Leaves_out_what_is_not_known() =>
        Assert.That(Write(new AuditEvent(AuditEventKind.DaemonStarted)), Is.EqualTo("""{"time":"2030-01-02T12:00:00Z","event":"daemon-started"}"""));

    [Test]
    public void Each_kind_and_end_has_a_name()
    {
        foreach (AuditEventKind kind in Enum.GetValues<AuditEventKind>())
        {
            Assert.That(Write(new AuditEvent(kind)), Does.Match("\"event\":\"[a-z]+(-[a-z]+)*\""));
        }

        foreach (SessionEnd end in Enum.GetValues<SessionEnd>().Where(end => end != SessionEnd.None))
        {
            Assert.That(Write(new AuditEvent(AuditEventKind.SessionEnded) { End = end }), Does.Match("\"end\":\"[a-z]+(-[a-z]+)*\""));
        }
    }

    [TestCase("a\r\nb")]
    [TestCase("a\0b")]
    [TestCase("a\u2028b\u2029c\u0085d")]
    [TestCase("\u001b[2Jcleared\u009b2J")]
    [TestCase("\u202egnp.exe")]
    [TestCase("\",\"event\":\"daemon-stopped")]
    [TestCase("\\u0041 %n =cmd|'/c calc'!A0 \u007f")]
    [TestCase("😀é")]
    public void What_a_client_asked_for_stays_one_line_of_ascii(string hostile)
    {
        string line = Write(Event(hostile) with { Database = hostile });

        Assert.That(line, Does.Match(@"^[\x20-\x7e]+$"));
        using var parsed = JsonDocument.Parse(line);
        Assert.That(parsed.RootElement.GetProperty("detail").GetString(), Is.EqualTo(hostile));
        Assert.That(parsed.RootElement.GetProperty("database").GetString(), Is.EqualTo(hostile));
        Assert.That(parsed.RootElement.GetProperty("event").GetString(), Is.EqualTo("session-opened"));
    }

    [Test]
    public void Half_a_surrogate_is_replaced()
    {
        using var parsed = JsonDocument.Parse(Write(Event("a\ud83d")));

        Assert.That(parsed.RootElement.GetProperty("detail").GetString(), Is.EqualTo("a\ufffd"));
    }

    [Test]
    public void A_long_name_is_cut_and_says_by_how_much()
    {
        using var parsed = JsonDocument.Parse(Write(Event(new string('x', 1024 * 1024))));

        Assert.That(parsed.RootElement.GetProperty("detail").GetString(), Is.EqualTo(new string('x', 1024) + "…+1047552"));
    }

    [Test]
    public void A_name_of_just_the_limit_is_kept()
    {
        using var parsed = JsonDocument.Parse(Write(Event(new string('x', 1024))));

        Assert.That(parsed.RootElement.GetProperty("detail").GetString(), Is.EqualTo(new string('x', 1024)));
    }

    [Test]
    public void A_cut_does_not_split_a_character()
    {
        using var parsed = JsonDocument.Parse(Write(Event(new string('x', 1023) + "😀😀")));

        Assert.That(parsed.RootElement.GetProperty("detail").GetString(), Is.EqualTo(new string('x', 1023) + "…+4"));
    }

    [Test]
    public async Task The_largest_event_fits()
    {
        string worst = new('\0', 1024 * 1024);
        var identity = new Identity
        {
            Issuer = worst,
            Subject = worst,
            Groups = [.. Enumerable.Repeat(worst, 10_000)],
            Claims = Enumerable.Range(0, 100).ToFrozenDictionary(i => i + worst, _ => worst),
        };
        var auditEvent = new AuditEvent(AuditEventKind.SessionRefused)
        {
            Session = worst,
            Listener = worst,
            Source = worst,
            Identity = identity,
            Placeholder = worst,
            Key = worst,
            Certificate = new CallerCertificate(worst, ulong.MaxValue, worst),
            Method = worst,
            Target = worst,
            Login = worst,
            Grant = worst,
            Database = worst,
            Application = worst,
            IsTls = false,
            Config = worst,
            Reference = worst,
            Detail = worst,
            Actor = identity,
        };
        await using AuditLog log = Open(segmentSize: AuditLog.DefaultSegmentSize);
        log.Append(auditEvent);
        log.Append(Event("small"));

        Assert.That(Scan(), Is.Null);
        Assert.That(AuditReader.Read(Directory).First().Payload.Length, Is.LessThan(RecordFormat.MaxPayload));
    }

    private static string Write(AuditEvent auditEvent)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = AuditEncoder.Instance }))
        {
            AuditEventWriter.Write(json, auditEvent, Noon);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
