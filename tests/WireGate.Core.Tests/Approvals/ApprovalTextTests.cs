using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Approvals;

public sealed class ApprovalTextTests
{
    private static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice" };

    [TestCase("select 'ünï' -- 表", "select 'ünï' -- 表")]
    [TestCase("a\n\tb", "a\n\tb")]
    [TestCase("\u001b[2J", @"\u{1b}[2J")]
    [TestCase("a\rb\0\u0085", @"a\u{d}b\u{0}\u{85}")]
    [TestCase("a\u202eb\u2066\u200b\ufeff", @"a\u{202e}b\u{2066}\u{200b}\u{feff}")]
    [TestCase("a\u00a0\u3164\u2028\U000E0041", @"a\u{a0}\u{3164}\u{2028}\u{e0041}")]
    [TestCase(@"a\u{202e}b\x{ff}", @"a\u{5c}u{202e}b\u{5c}x{ff}")]
    [TestCase("a\\\u202e", @"a\\u{202e}")]
    [TestCase(@"E'\n\u00e4' \u \x{", @"E'\n\u00e4' \u \u{5c}x{")]
    public void Shows_what_would_hide(string text, string shown) => Assert.That(ApprovalDisplay.Of(Encoding.UTF8.GetBytes(text)), Is.EqualTo(shown));

    [Test]
    public void Nothing_scrolls_out_of_sight_behind_blank_lines()
    {
        Assert.That(Of("a\n\n\n\nb"), Is.EqualTo("a\n\n\n\nb"), "three are seen");
        Assert.That(Of("a\n\n\n\n\nb"), Is.EqualTo("a\n\\u{a}×3\nb"));
        Assert.That(Of($"a{new string('\n', 3000)}  b"), Is.EqualTo("a\n\\u{a}×2998\n  b"));
        Assert.That(Of($"a{string.Concat(Enumerable.Repeat("\n \t\r", 10))}\n\n"), Is.EqualTo("a\n\\u{a}×10 \\u{20}×10 \\u{9}×10 \\u{d}×10\n"));
        Assert.That(Of(@"a\u{a}×3"), Is.EqualTo(@"a\u{5c}u{a}×3"), "what looks like it is not");
        Assert.That(ApprovalDisplay.WholeOf(Encoding.UTF8.GetBytes(new string('\n', ApprovalDisplay.MaxBytes))), Is.EqualTo("\n\\u{a}×16382\n"));

        static string Of(string text) => ApprovalDisplay.Of(Encoding.UTF8.GetBytes(text));
    }

    [Test]
    public void Shows_bytes_that_are_no_text() => Assert.That(ApprovalDisplay.Of("a\xff"u8[..1].ToArray().Append((byte)0xff).ToArray()), Is.EqualTo(@"a\x{ff}"));

    [TestCase(ApprovalDisplay.MaxBytes, false)]
    [TestCase(ApprovalDisplay.MaxBytes + 1, true)]
    public void Says_loudly_what_it_does_not_show(int length, bool cut)
    {
        string shown = ApprovalDisplay.Of(Encoding.UTF8.GetBytes(new string('x', length)));
        Assert.That(shown.Contains("TRUNCATED: 1 of 16385 bytes are not shown, sha256 ", StringComparison.Ordinal), Is.EqualTo(cut));
        Assert.That(ApprovalDisplay.Of(Encoding.UTF8.GetBytes(new string('\u001b', length))).Length, Is.LessThan(ApprovalDisplay.MaxBytes + 200));
        Assert.That(Encoding.UTF8.GetByteCount(ApprovalDisplay.Of(Encoding.UTF8.GetBytes(new string('表', length)))), Is.LessThan(ApprovalDisplay.MaxBytes + 200));
    }

    [Test]
    public void Flaw_7_every_field_changes_the_digest()
    {
        string[] digests =
        [
            Digest(), Digest(protocol: "ssh"), Digest(target: "t"), Digest(upstream: "u"), Digest(login: "l"), Digest(subject: "bob"),
            Digest(operation: "execute"), Digest(bytes: "select 2"), Digest(parameters: [new byte[] { 1 }]), Digest(parameters: [null]),
            Digest(parameters: [new byte[] { 1, 2 }]), Digest(parameters: [new byte[] { 1 }, new byte[] { 2 }]), Digest(context: "role=postgres"),
            Digest(context: "role=app"), Digest(protocol: "postgre", target: "sorders"),
        ];
        Assert.That(digests, Is.Unique);
        Assert.That(Digest(), Is.EqualTo(digests[0]));
    }

    [Test]
    public void A_key_knows_the_request_again_in_another_context()
    {
        byte[] key = Key("orders", "rw", "alice", "select 1");
        Assert.That(Key("orders", "rw", "alice", "select 1"), Is.EqualTo(key));
        Assert.That(Key("orders", "ro", "alice", "select 1"), Is.Not.EqualTo(key));
        Assert.That(Key("orders", "rw", "bob", "select 1"), Is.Not.EqualTo(key));
        Assert.That(Key("ordersr", "w", "alice", "select 1"), Is.Not.EqualTo(key));
        Assert.That(Key("orders", "rw", "alice", "select 1;"), Is.Not.EqualTo(key));
    }

    [Test]
    public void The_digest_is_the_published_one() => Assert.That(Digest(), Is.EqualTo(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Fields(
        "wg-approval/1", "postgres", "orders", "db:5432", "rw", "local", "alice", "query", "select 1")))));

    [TestCase("apr_abcdefghij234567", true)]
    [TestCase("apr_abcdefghij23456", false)]
    [TestCase("apr_abcdefghij23456A", false)]
    [TestCase("xpr_abcdefghij234567", false)]
    [TestCase(null, false)]
    public void Knows_an_id(string? text, bool isId) => Assert.That(Approval.IsId(text), Is.EqualTo(isId));

    [Test]
    public void A_new_id_is_one() => Assert.That(Approval.IsId(Approval.NewId()), Is.True);

    private static byte[] Key(string target, string login, string subject, string bytes) =>
        ApprovalDigest.KeyOf("postgres", target, "db:5432", "shop", login, subject, Encoding.UTF8.GetBytes(bytes), []);

    private static string Digest(
        string protocol = "postgres", string target = "orders", string upstream = "db:5432", string login = "rw", string subject = "alice",
        string operation = "query", string bytes = "select 1", byte[]?[]? parameters = null, string? context = null) =>
        Convert.ToHexStringLower(ApprovalDigest.Of(
            protocol, target, upstream, login, Alice with { Subject = subject }, operation, Encoding.UTF8.GetBytes(bytes),
            (parameters ?? []).Select(p => p is null ? (ReadOnlyMemory<byte>?)null : p).ToArray(),
            context is null ? FrozenDictionary<string, string>.Empty : new[] { context.Split('=') }.ToFrozenDictionary(c => c[0], c => c[1])));

    // Each field behind its length as eight bytes, the biggest first; then no parameters and no context.
    private static byte[] Fields(params string[] fields) =>
        [.. fields.SelectMany(f => new byte[] { 0, 0, 0, 0, 0, 0, 0, (byte)f.Length }.Concat(Encoding.UTF8.GetBytes(f))), .. new byte[16]];
}
