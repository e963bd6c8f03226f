using NUnit.Framework;
using WireGate.Identities.Unix;

namespace WireGate.Identities.Tests.Unix;

public sealed class UnixAccountsTests
{
    [TestCase("root", true)]
    [TestCase("nobody-of-this-name", false)]
    [TestCase("", false)]
    public void Knows_whether_somebody_has_a_user_name(string name, bool isUser) => Assert.That(UnixAccounts.IsUser(name), Is.EqualTo(isUser));
}
