using System.Diagnostics;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

/// <summary>OpenSSH's own ssh-keygen, and a directory for what it makes.</summary>
internal sealed class SshKeygen
{
    private readonly string _directory = Directory.CreateTempSubdirectory("wiregate-").FullName;

    public string PathOf(string name) => Path.Join(_directory, name);

    public byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    public SshPublicKey PublicKey(string name) => SshPublicKey.ParseLine(Peer.Client, File.ReadAllText(PathOf(name + ".pub")));

    /// <summary>The blob of a key's certificate.</summary>
    public byte[] Certificate(string name) => Convert.FromBase64String(File.ReadAllText(PathOf(name + "-cert.pub")).Split(' ')[1]);

    public byte[] Write(string name, ReadOnlySpan<byte> bytes)
    {
        // ssh-keygen refuses private keys that others can read.
        using (FileStream file = new(PathOf(name), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(bytes);
        }

        return bytes.ToArray();
    }

    /// <summary>Makes a key file, unless it is there already.</summary>
    /// <param name="name">The file's, and the comment of the key.</param>
    /// <param name="type">As <c>-t</c> has it, the bits behind a colon.</param>
    /// <param name="passphrase">Empty: not encrypted.</param>
    /// <param name="more">Further arguments.</param>
    public byte[] Generate(string name, string type, string passphrase = "", params string[] more)
    {
        if (!File.Exists(PathOf(name)))
        {
            string[] typeAndBits = type.Split(':');
            Run(["-q", "-t", typeAndBits[0], .. typeAndBits.Length > 1 ? ["-b", typeAndBits[1]] : Array.Empty<string>(),
                "-N", passphrase, "-C", name, "-f", PathOf(name), .. more]);
        }

        return Read(name);
    }

    /// <summary>Runs it in the directory, to its good end.</summary>
    public string Run(params string[] arguments) => RunProgram("ssh-keygen", arguments);

    public string RunProgram(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, () => $"{program} {string.Join(' ', arguments)}: {output} {errors.Result}");
        return output;
    }

    public void Remove() => Directory.Delete(_directory, recursive: true);
}
