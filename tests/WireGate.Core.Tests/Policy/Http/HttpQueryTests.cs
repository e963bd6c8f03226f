using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Http;

internal sealed class HttpQueryTests
{
    [TestCase("", "", TestName = "An_empty_query_has_nothing")]
    [TestCase("a=1&b=2", "a:1|b:2", TestName = "Pairs_are_in_their_order")]
    [TestCase("a=1&a=2", "a:1|a:2", TestName = "A_name_that_is_there_twice_is_there_twice")]
    [TestCase("a=b=c", "a:b=c", TestName = "The_first_equals_sign_parts")]
    [TestCase("a", "a:", TestName = "A_name_alone_has_an_empty_value")]
    [TestCase("&&a=1&", "a:1", TestName = "Nothing_between_two_ampersands_is_nothing")]
    [TestCase("a+b=c+d%2b", "a b:c d+", TestName = "A_plus_is_a_blank")]
    [TestCase("%61=%C3%A4%26", "a:\u00e4&", TestName = "Escapes_are_decoded")]
    [TestCase("a=1;b=2", "\uFFFD:\uFFFD", TestName = "A_semicolon_parts_for_some")]
    [TestCase("a=%3b", "a:;", TestName = "An_escaped_semicolon_parts_for_none")]
    [TestCase("a=%zz&b=1", "a:\uFFFD|b:1", TestName = "An_escape_that_is_none_cannot_be_read")]
    [TestCase("a=%ff", "a:\uFFFD", TestName = "What_is_not_UTF8_cannot_be_read")]
    [TestCase("a=%00", "a:\uFFFD", TestName = "A_NUL_cannot_be_read")]
    public void Reads(string query, string pairs) =>
        Assert.That(string.Join('|', HttpQuery.Parse(Encoding.UTF8.GetBytes(query)).Select(p => $"{p.Key}:{p.Value}")), Is.EqualTo(pairs));
}
