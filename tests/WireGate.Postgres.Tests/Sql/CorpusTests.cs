using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>No write hides, and none is invented.</summary>
internal sealed class CorpusTests
{
    private const SqlEffects Harmless = SqlEffects.Read;

    private static IEnumerable<CorpusCase> Hiding => Corpus.Read("hides-no-write.txt");

    private static IEnumerable<CorpusCase> Inventing => Corpus.Read("invents-no-write.txt");

    [TestCaseSource(nameof(Hiding))]
    public void Hides_no_write(CorpusCase one)
    {
        SqlFacts facts = FactsOf(one);
        string[] told = [.. facts.Statements.SelectMany(FactsText.Effects)];
        Assert.Multiple(() =>
        {
            Assert.That(facts.Statements.Any(s => !IsRead(s)), "it is only a read");
            Assert.That(told, Is.SupersetOf(one.Expected));
            Assert.That(facts.Statements.SelectMany(s => s.Kinds), Is.All.Matches<string>(SqlKinds.All.Contains));
        });
    }

    [TestCaseSource(nameof(Inventing))]
    public void Invents_no_write(CorpusCase one)
    {
        SqlFacts facts = FactsOf(one);
        Assert.That(string.Join("; ", facts.Statements.Where(s => !IsRead(s)).Select(FactsText.Of)), Is.Empty);
    }

    [Test]
    public void Both_corpora_are_there()
    {
        Assert.That(Hiding.Count(), Is.GreaterThan(100));
        Assert.That(Inventing.Count(), Is.GreaterThan(80));
    }

    private static bool IsRead(SqlStatementFacts facts) =>
        facts.Accesses.All(access => access.Effect == Harmless) && facts.UnknownFunctions.IsEmpty && facts.Unknown is null;

    private static SqlFacts FactsOf(CorpusCase one) => SqlParser.Parse(Encoding.UTF8.GetBytes(one.Sql)).Facts;
}
