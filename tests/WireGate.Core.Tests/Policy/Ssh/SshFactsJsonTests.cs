using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Ssh.SshHouse;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>What a decision point elsewhere is asked with.</summary>
internal sealed class SshFactsJsonTests
{
    private static IEnumerable<TestCaseData> Operations()
    {
        static TestCaseData Case(SshOperation operation, string json, string name) => new TestCaseData(operation, json).SetName($"Tells_{name}");
        yield return Case(
            Exec("git-upload-pack '/a b'", hasPty: true),
            """{"kind":"exec","pty":true,"command":"git-upload-pack '/a b'","argv":["git-upload-pack","/a b"],"copy":{"with":"git","operations":["read"],"paths":["/a b"]},"unknown":null}""", "a_command_and_its_words");
        yield return Case(
            new SshRequest("name@example.com", isGlobal: true),
            """{"kind":"request","name":"name@example.com","global":true,"unknown":"what it means is not known here"}""", "a_request_that_is_not_known");
        yield return Case(Exec("a;b"), """{"kind":"exec","pty":false,"command":"a;b","unknown":null}""", "a_command_that_has_no_words");
        yield return Case(Exec("a\0"), """{"kind":"exec","pty":false,"command":null,"unknown":"the command is not text in UTF-8"}""", "a_command_that_is_not_known");
        yield return Case(new SshShell(true), """{"kind":"shell","pty":true,"unknown":null}""", "a_shell");
        yield return Case(Subsystem("sftp"), """{"kind":"subsystem","pty":false,"name":"sftp","unknown":null}""", "a_subsystem");
        yield return Case(Sftp("rename", "/a", "b"), """{"kind":"sftp","operations":["rename"],"paths":["/a","b"],"unknown":null}""", "both_paths");
        yield return Case(Sftp("read,write", "/a\0"), """{"kind":"sftp","operations":["read","write"],"paths":[null],"unknown":"the path is not UTF-8"}""", "a_path_that_is_not_known");
        yield return Case(To("DB.", 22), """{"kind":"forward","direction":"local","host":"db","writtenHost":"DB.","port":22,"unknown":null}""", "a_destination");
        yield return Case(
            To("127.1", 22),
            """{"kind":"forward","direction":"local","host":null,"writtenHost":"127.1","port":22,"unknown":"where it leads depends on who reads the address"}""", "an_odd_destination");
        yield return Case(Listen("", 0), """{"kind":"forward","direction":"remote","host":"","writtenHost":"","port":0,"unknown":null}""", "where_it_listens");
        yield return Case(Socket("/run/x"), """{"kind":"forward","direction":"local","path":"/run/x","unknown":null}""", "a_socket");
        yield return Case(SshForward.Agent, """{"kind":"forward","direction":"agent","unknown":null}""", "the_agent");
    }

    [TestCaseSource(nameof(Operations))]
    public void Facts(SshOperation operation, string expected)
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            FactsJson.Write(json, RuleHouse.Alice, operation, new Decision { Verdict = Verdict.Allow }, RuleHouse.Now);
        }

        using JsonDocument written = JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray()));
        using JsonDocument wanted = JsonDocument.Parse(expected);
        Assert.That(JsonElement.DeepEquals(written.RootElement.GetProperty("ssh"), wanted.RootElement), written.RootElement.GetProperty("ssh").GetRawText());
    }
}
