using NUnit.Framework;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Names of members are looked up as they are compared.</summary>
internal sealed class LooseMemberNameTests
{
    [Test]
    public void Names_that_may_be_one_are_equal()
    {
        string[] letters = ["k", "K", "\u212a", "s", "S", "\u017f", "i", "I", "\u0130", "\u0131", "\u00e4", "\u00c4", "\u00df", "\u1e9e", "\u03c9", "\u2126", "x"];
        foreach ((string one, string other) in letters.SelectMany(l => letters.Select(o => ($"a{l}", $"A{o}"))))
        {
            bool isOne = LooseMemberName.IsOf(one, other) || LooseMemberName.IsOf(other, one);
            Assert.That(LooseMemberName.Comparer.Equals(one, other), Is.EqualTo(isOne), $"{one} {other}");
            Assert.That(!isOne || LooseMemberName.Comparer.GetHashCode(one) == LooseMemberName.Comparer.GetHashCode(other), $"{one} {other}");
        }
    }

    // Unicode's CaseFolding.txt, status C, of what has no other upper case: Go's encoding/json and others fold them.
    [TestCase("gr\u00f6\u00dfe", "GR\u00d6\u1e9eE")]
    [TestCase("\u03c9", "\u2126")]
    [TestCase("\u00e5", "\u212b")]
    [TestCase("\u03b8", "\u03f4")]
    public void Letters_that_fold_to_one_are_one(string name, string found) => Assert.That(LooseMemberName.IsOf(found, name));
}
