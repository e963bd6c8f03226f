using NUnit.Framework;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Names of members are looked up as they are compared.</summary>
internal sealed class LooseMemberNameTests
{
    [Test]
    public void Names_that_may_be_one_are_equal()
    {
        string[] letters = ["k", "K", "\u212a", "s", "S", "\u017f", "i", "I", "\u0130", "\u0131", "\u00e4", "\u00c4", "x"];
        foreach ((string one, string other) in letters.SelectMany(l => letters.Select(o => ($"a{l}", $"A{o}"))))
        {
            bool isOne = LooseMemberName.IsOf(one, other) || LooseMemberName.IsOf(other, one);
            Assert.That(LooseMemberName.Comparer.Equals(one, other), Is.EqualTo(isOne), $"{one} {other}");
            Assert.That(!isOne || LooseMemberName.Comparer.GetHashCode(one) == LooseMemberName.Comparer.GetHashCode(other), $"{one} {other}");
        }
    }
}
