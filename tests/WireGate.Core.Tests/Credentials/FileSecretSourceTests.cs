using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Core.Tests.Credentials;

[UnsupportedOSPlatform("windows")]
public sealed class FileSecretSourceTests
{
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string _directory = null!;

    private string FilePath => Path.Join(_directory, "secret");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("wiregate-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("hunter2", "hunter2")]
    [TestCase("hunter2\n", "hunter2")]
    [TestCase("hunter2\r\n", "hunter2")]
    [TestCase("hunter2\n\n", "hunter2\n")]
    [TestCase(" hunter2 ", " hunter2 ")]
    public async Task Takes_one_line_end_off(string content, string expected)
    {
        Write(FilePath, content);
        Assert.That(await FetchAsync(FilePath), Is.EqualTo(expected));
    }

    [TestCase(UnixFileMode.GroupRead)]
    [TestCase(UnixFileMode.OtherRead)]
    [TestCase(UnixFileMode.GroupWrite)]
    [TestCase(UnixFileMode.OtherWrite)]
    public void Refuses_a_file_that_is_open_to_others(UnixFileMode open)
    {
        Write(FilePath, "hunter2");
        File.SetUnixFileMode(FilePath, OwnerReads | open);
        Assert.That(Refusal(FilePath), Does.Contain("open to others").And.Not.Contain("hunter2"));
    }

    [TestCase(0u, 1000u, 0x8120, null)]
    [TestCase(0u, 1000u, 0x8124, "open to others")]
    [TestCase(0u, 1000u, 0x8130, "open to others")]
    [TestCase(1000u, 1000u, 0x8100, null)]
    [TestCase(1000u, 1000u, 0x8120, "open to others")]
    [TestCase(1001u, 1000u, 0x8100, "must belong")]
    [TestCase(1001u, 0u, 0x8100, "runs as root")]
    [TestCase(1000u, 1000u, 0x4100, "regular")]
    public void Belongs_to_us_alone_or_to_root_and_a_group_of_roots_choice(uint owner, uint user, int mode, string? because)
    {
        string? refusal = FileSecretSource.Refuse(new Libc.FileFacts { Owner = owner, Mode = (ushort)mode }, user);
        Assert.That(refusal, because is null ? Is.Null : Does.Contain(because));
    }

    [Test]
    public async Task Sees_a_swapped_link_and_a_rewritten_file_at_once()
    {
        string one = Path.Join(_directory, "one");
        string two = Path.Join(_directory, "two");
        Write(one, "first");
        Write(two, "other");
        File.CreateSymbolicLink(FilePath, one);
        FileSecretSource source = new(FilePath);
        Assert.That(await FetchAsync(source), Is.EqualTo("first"));

        File.CreateSymbolicLink(FilePath + ".new", two);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
        Assert.That(await FetchAsync(source), Is.EqualTo("other"));

        Write(two, "OTHER");
        Assert.That(await FetchAsync(source), Is.EqualTo("OTHER"));
    }

    [Test]
    public void Checks_the_file_behind_a_link()
    {
        string open = Path.Join(_directory, "open");
        Write(open, "hunter2");
        File.SetUnixFileMode(open, OwnerReads | UnixFileMode.OtherRead);
        File.CreateSymbolicLink(FilePath, open);
        Assert.That(Refusal(FilePath), Does.Contain("open to others"));
    }

    [Test]
    public void Refuses_what_is_missing_empty_too_large_or_no_file()
    {
        Assert.That(Refusal(FilePath), Does.Contain("cannot be opened"));
        Write(FilePath, "\n");
        Assert.That(Refusal(FilePath), Does.Contain("empty"));
        Write(FilePath, new string('x', FileSecretSource.MaxLength + 1));
        Assert.That(Refusal(FilePath), Does.Contain("larger"));
        Assert.That(Refusal(_directory), Does.Contain("regular"));
    }

    [Test]
    public async Task Takes_as_much_as_the_limit()
    {
        Write(FilePath, new string('x', FileSecretSource.MaxLength));
        Assert.That(await FetchAsync(FilePath), Has.Length.EqualTo(FileSecretSource.MaxLength));
    }

    [Test]
    public void Does_not_wait_for_the_writer_of_a_fifo()
    {
        using Process made = Process.Start("mkfifo", ["-m", "0600", FilePath]);
        made.WaitForExit();
        Assert.That(Refusal(FilePath), Does.Contain("regular"));
    }

    [Test]
    public async Task A_credential_is_a_file_of_the_credentials_directory()
    {
        Write(FilePath, "hunter2");
        Assert.That(await FetchAsync(new CredentialSecretSource("secret", _directory)), Is.EqualTo("hunter2"));
    }

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("../secret")]
    [TestCase("/etc/passwd")]
    [TestCase("a\0b")]
    public void A_credentials_name_is_one_path_segment(string name) =>
        Assert.That(Refusal(new CredentialSecretSource(name, _directory)), Does.Contain("segment"));

    [Test]
    public void A_credential_without_a_directory_says_what_to_do() =>
        Assert.That(Refusal(new CredentialSecretSource("secret", null)), Does.Contain("LoadCredential=secret"));

    internal static async Task<string> FetchAsync(ISecretSource source, bool fresh = false)
    {
        using Secret secret = await source.FetchAsync(fresh, CancellationToken.None);
        return Encoding.UTF8.GetString(secret.Span);
    }

    internal static string Refusal(ISecretSource source) =>
        Assert.ThrowsAsync<SecretUnavailableException>(async () => await FetchAsync(source))!.Message;

    private static Task<string> FetchAsync(string path) => FetchAsync(new FileSecretSource(path));

    private static string Refusal(string path) => Refusal(new FileSecretSource(path));

    private static void Write(string path, string content)
    {
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, OwnerReads);
    }
}
