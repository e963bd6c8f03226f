using NUnit.Framework;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>Of the rules that h2spec checks, none is missing here.</summary>
internal sealed class RuleTests
{
    // h2spec's sections (those of RFC 7540 and 7541, and of a group of its own), and how many rules it has of each.
    private static readonly (string Section, int Rules)[] Sections =
    [
        ("generic/1", 1), ("generic/2", 5), ("generic/3.1", 3), ("generic/3.2", 3), ("generic/3.3", 5), ("generic/3.4", 1), ("generic/3.5", 1), ("generic/3.7", 1),
        ("generic/3.8", 1), ("generic/3.9", 2), ("generic/3.10", 2), ("generic/4", 4), ("generic/5", 15),
        ("http2/3.5", 2), ("http2/4.1", 3), ("http2/4.2", 3), ("http2/4.3", 3), ("http2/5.1", 13), ("http2/5.1.1", 2), ("http2/5.1.2", 1), ("http2/5.3.1", 2),
        ("http2/5.4.1", 2), ("http2/5.5", 2), ("http2/6.1", 3), ("http2/6.2", 4), ("http2/6.3", 2), ("http2/6.4", 3), ("http2/6.5", 3), ("http2/6.5.2", 5),
        ("http2/6.5.3", 2), ("http2/6.7", 4), ("http2/6.8", 1), ("http2/6.9", 3), ("http2/6.9.1", 3), ("http2/6.9.2", 3), ("http2/6.10", 6), ("http2/7", 2),
        ("http2/8.1", 1), ("http2/8.1.2", 1), ("http2/8.1.2.1", 4), ("http2/8.1.2.2", 2), ("http2/8.1.2.3", 7), ("http2/8.1.2.6", 2), ("http2/8.2", 1),
        ("hpack/2.3.3", 2), ("hpack/4.2", 1), ("hpack/5.2", 3), ("hpack/6.1", 1), ("hpack/6.3", 1),
        ("client/1", 1), ("client/4.1", 3), ("client/4.2", 3), ("client/4.3", 1), ("client/5.1", 10), ("client/5.1.1", 1), ("client/5.4.1", 2), ("client/5.5", 1),
        ("client/6.1", 3), ("client/6.2", 3), ("client/6.3", 2), ("client/6.4", 3), ("client/6.5", 3), ("client/6.5.2", 4), ("client/6.5.3", 1), ("client/6.7", 4),
        ("client/6.8", 1), ("client/6.9", 3), ("client/6.9.1", 2), ("client/6.10", 6),
    ];

    [Test]
    public void Each_rule_of_h2spec_has_a_case()
    {
        string[] rules = [.. Sections.SelectMany(s => Enumerable.Range(1, s.Rules).Select(n => $"{s.Section}/{n}"))];
        ConformanceCase[] cases =
        [
            .. GenericTests.Cases, .. StreamTests.Cases, .. DefinitionTests.Cases, .. MessageTests.Cases, .. HpackTests.Cases, .. UpstreamTests.Cases,
        ];

        Assert.That(rules, Has.Length.EqualTo(147 + 57), "of servers and of clients");
        Assert.That(cases.Where(c => c.Rule is not null).Select(c => c.Rule), Is.EquivalentTo(rules));
    }
}
