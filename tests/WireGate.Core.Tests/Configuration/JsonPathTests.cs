using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Core.Tests.Configuration;

/// <summary>Which members of JSON a path means, and which paths are none.</summary>
internal sealed class JsonPathTests
{
    [TestCase("$.a", "a")]
    [TestCase("$..token", "..token")]
    [TestCase("$.items[*].email", "items * email")]
    [TestCase("$['a b'].c", "a b|c")]
    [TestCase("$[ \"x\" ]..['y']", "x ..y")]
    [TestCase(@"$['it\'s']", "it's")]
    [TestCase("$['tok\\u0065n']", "token")]
    [TestCase("$..*", "..*")]
    [TestCase("$._é9", "_é9")]
    [TestCase("$['']", "")]
    public void Reads_names_wildcards_and_descendants(string text, string steps)
    {
        Assert.That(JsonPath.TryParse(text, out JsonPath? path, out string? problem), Is.True, problem);
        string[] read = [.. path!.Steps.Select(s => (s.IsDescendant ? ".." : "") + (s.Name ?? "*"))];

        Assert.That(read, Is.EqualTo(steps.Contains('|', StringComparison.Ordinal) ? steps.Split('|') : steps.Split(' ')));
        Assert.That(path.ToString(), Is.EqualTo(text));
    }

    [TestCase("token", "begins with $")]
    [TestCase("$", "the whole document")]
    [TestCase("$.", "a name is missing")]
    [TestCase("$..", "a name is missing")]
    [TestCase("$.a.", "a name is missing")]
    [TestCase("$a", "what follows a name is . or [")]
    [TestCase("$.api-key", "written in brackets")]
    [TestCase("$.9", "written in brackets")]
    [TestCase("$.[*]", "written in brackets")]
    [TestCase("$[0]", "write [*]")]
    [TestCase("$[-1]", "write [*]")]
    [TestCase("$[1:2]", "write [*]")]
    [TestCase("$[?@.a]", "filters")]
    [TestCase("$['a','b']", "a path for each")]
    [TestCase("$['a'", "not closed")]
    [TestCase("$['a", "not closed")]
    [TestCase("$[a]", "* or a name in quotes")]
    [TestCase("$['\\x']", "an escape")]
    [TestCase("$['\\u12']", "an escape")]
    [TestCase("$.a$", "written in brackets")]
    [TestCase("$.*a", "what follows a name is . or [")]
    public void Says_what_is_wrong_with_any_other(string text, string problem)
    {
        Assert.That(JsonPath.TryParse(text, out JsonPath? path, out string? why), Is.False);
        Assert.That(path, Is.Null);
        Assert.That(why, Does.Contain(problem));
    }

    [Test]
    public void Is_bounded()
    {
        Assert.That(JsonPath.TryParse("$" + string.Concat(Enumerable.Repeat(".a", JsonPath.MaxSteps)), out _, out _), Is.True);
        Assert.That(JsonPath.TryParse("$" + string.Concat(Enumerable.Repeat(".a", JsonPath.MaxSteps + 1)), out _, out _), Is.False);
        Assert.That(JsonPath.TryParse("$." + new string('a', JsonPath.MaxNameLength), out _, out _), Is.True);
        Assert.That(JsonPath.TryParse("$." + new string('a', JsonPath.MaxNameLength + 1), out _, out _), Is.False);
    }
}
